// The composer's tables: pairs.jsonl, dialogs.json, dialogs.csv, rejected.csv. Made beside the chat
// lines in the same pass, from the same words, with the same placeholders.

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "dataset/compose.h"
#include "dataset/csv.h"
#include "dataset/voices.h"

namespace idiolect {
namespace {

void AppendQuality(const PlannedSample& sample, std::string* out) {
  *out += "\"quality\":";
  AppendHundredths(sample.quality, out);
  *out += ",\"signals\":{";
  for (const QualitySignalInfo& info : QualitySignalTable()) {
    if (out->back() != '{') *out += ',';
    *out += '"';
    *out += info.name;
    *out += "\":";
    AppendHundredths(sample.signals[static_cast<size_t>(info.signal)] / 100.0, out);
  }
  *out += '}';
}

const char* KindName(ChatKind kind) {
  switch (kind) {
    case ChatKind::kPrivate:
      return "private";
    case ChatKind::kGroup:
      return "group";
    case ChatKind::kChannel:
      return "channel";
    case ChatKind::kBot:
      return "bot";
    case ChatKind::kSaved:
      return "saved";
    case ChatKind::kOther:
      break;
  }
  return "other";
}

// What people may read of a chat: a private chat bears the other person's name, so it is a number.
std::string ShownChat(std::span<const Chat> chats, ChatId id, Language language) {
  const auto chat = std::find_if(chats.begin(), chats.end(),
                                 [id](const Chat& candidate) { return candidate.id == id; });
  if (chat != chats.end() && !chat->name.empty() &&
      (chat->kind == ChatKind::kGroup || chat->kind == ChatKind::kChannel)) {
    return chat->name;
  }
  return Say(language, {"chat ", "чат "}) + std::to_string(id);
}

}  // namespace

ComposedPart DatasetHead(const DatasetVoice& voice) {
  const auto words = [&voice](Text text) { return std::string_view(Say(voice.labels, text)); };
  ComposedPart head;
  CsvRow row(voice.labels);
  for (const Text& title :
       {Text{"dialog", "диалог"}, Text{"chat", "чат"}, Text{"time", "время"}, Text{"who", "кто"},
        Text{"text", "текст"}, Text{"answers", "отвечает на"}, Text{"probability", "вероятность"},
        Text{"quality", "качество"}, Text{"part", "часть"}}) {
    row.Add(words(title));
  }
  head.Add(DatasetFile::kDialogsCsv, std::string(CsvRow::kMark) + std::string(row.End()));
  row.Clear();
  for (const Text& title :
       {Text{"message", "сообщение"}, Text{"chat", "чат"}, Text{"time", "время"},
        Text{"rule", "правило"}, Text{"why", "почему"}, Text{"text", "текст"}}) {
    row.Add(words(title));
  }
  head.Add(DatasetFile::kRejected, std::string(CsvRow::kMark) + std::string(row.End()));
  std::string dialogs = "{\"format\":\"idiolect-dialogs\",\"version\":1,\"persona\":";
  AppendJsonString(voice.persona_name, &dialogs);
  dialogs += ",\"system_prompt\":";
  AppendJsonString(voice.system_prompt, &dialogs);
  dialogs += ",\"dialogs\":[";
  head.Add(DatasetFile::kDialogsJson, dialogs);
  return head;
}

ComposedPart DatasetTail() {
  ComposedPart tail;
  tail.Add(DatasetFile::kDialogsJson, "\n]}\n");
  return tail;
}

void Composer::AddRejects(const Conversation& conversation) {
  const auto& rejects = plan_.rejects;
  std::string text;
  for (const Said& said : conversation.messages) {
    if (next_reject_ == rejects.size()) return;
    if (rejects[next_reject_].message != said.id) continue;
    const RejectRuleInfo& info = InfoOf(static_cast<RejectRule>(rejects[next_reject_].rule));
    ++next_reject_;
    ++part_.rejects;
    CsvRow row(labels_language_);
    row.Add(said.id);
    row.Add(ShownChat(facts_.chats, conversation.chat, labels_language_));
    row.Add(FormatIsoUtc(said.time));
    row.Add(std::string_view(info.name));
    row.Add(std::string_view(Say(labels_language_, info.what)));
    text.clear();
    pii_of_rejects_.Append(TrimSpace(conversation.text(said)), &text);
    row.Add(text);
    part_.Add(DatasetFile::kRejected, row.End());
  }
}

void Composer::AddPair(const Conversation& conversation, const PlannedSample& sample,
                       int64_t line) {
  line_ = "{\"id\":" + std::to_string(plan_.answer_messages[sample.answer_begin]);
  line_ += ",\"dialog\":" + std::to_string(conversation.messages.front().id);
  line_ += ",\"time\":\"" + FormatIsoUtc(turns_[sample.turn].begin) + "\",\"question\":";
  if (sample.quoted != 0) {
    AppendJsonString(quoted_text_, &line_);
  } else {
    const uint32_t answered =
        plan_.links[plan_.conversations[sample.conversation].links_begin + sample.turn].turn;
    AppendJsonString(answered < turns_.size() ? TextOf(PieceOf(conversation, answered)) : "",
                     &line_);
  }
  line_ += ",\"answer\":";
  AppendJsonString(TextOf(PieceOf(conversation, sample.turn)), &line_);
  line_ += ",\"link\":";
  AppendHundredths(sample.link, &line_);
  line_ += ',';
  AppendQuality(sample, &line_);
  line_ += std::string(",\"split\":\"") + SplitName(sample.split) +
           "\",\"line\":" + std::to_string(line) + "}\n";
  part_.Add(DatasetFile::kPairs, line_);
}

void Composer::AddDialog(const Conversation& conversation, const PlannedConversation& planned) {
  const bool any = std::any_of(line_of_sample_.begin(), line_of_sample_.end(),
                               [](int64_t line) { return line > 0; });
  if (!any) return;
  const std::string chat = ShownChat(facts_.chats, conversation.chat, labels_language_);
  line_ = planned.first == first_dialog_ ? "\n" : ",\n";
  line_ += "{\"id\":" + std::to_string(planned.first) +
           ",\"chat\":{\"id\":" + std::to_string(conversation.chat) + ",\"kind\":\"" +
           KindName(conversation.kind) + "\",\"name\":";
  AppendJsonString(chat, &line_);
  line_ += std::string("},\"split\":\"") + SplitName(planned.split) + "\",\"begin\":\"" +
           FormatIsoUtc(planned.begin) + "\",\"turns\":[";

  CsvRow row(labels_language_);
  uint32_t next_sample = planned.samples_begin;
  bool first = true;
  for (uint32_t turn = 0; turn < turns_.size(); ++turn) {
    const Piece piece = PieceOf(conversation, turn);
    const PlannedSample* sample = nullptr;
    while (next_sample < planned.samples_end && plan_.samples[next_sample].turn < turn) {
      ++next_sample;
    }
    if (next_sample < planned.samples_end && plan_.samples[next_sample].turn == turn &&
        !plan_.samples[next_sample].dropped) {
      sample = &plan_.samples[next_sample];
    }
    if (piece.end == piece.begin) continue;
    const bool own = turns_[turn].author == persona_;
    std::string who = own ? voice_.persona_name : std::string(Label(turns_[turn].author));
    if (!own && who.size() > 2) who.resize(who.size() - 2);  // ": "
    const PlannedLink& link = plan_.links[planned.links_begin + turn];

    if (!first) line_ += ',';
    first = false;
    line_ += "\n {\"turn\":" + std::to_string(turn) + ",\"who\":";
    AppendJsonString(who, &line_);
    line_ += own ? ",\"persona\":true,\"time\":\"" : ",\"persona\":false,\"time\":\"";
    line_ += FormatIsoUtc(turns_[turn].begin);
    line_ += "\",\"messages\":[";
    for (uint32_t i = piece.messages_begin; i < piece.messages_end; ++i) {
      if (i > piece.messages_begin) line_ += ',';
      line_ += std::to_string(piece_messages_[i]);
    }
    line_ += ']';
    if (turns_[turn].topic != 0) line_ += ",\"topic\":" + std::to_string(turns_[turn].topic);
    if (planned.talks_known) line_ += ",\"talk\":" + std::to_string(link.talk);
    if (link.turn != kNoTurn) {
      line_ += ",\"answers\":{\"turn\":" + std::to_string(link.turn) + ",\"probability\":";
      AppendHundredths(link.probability, &line_);
      line_ += '}';
    } else if (sample != nullptr && sample->quoted != 0) {
      line_ += ",\"answers\":{\"message\":" + std::to_string(sample->quoted) + ",\"probability\":";
      AppendHundredths(sample->link, &line_);
      line_ += '}';
    }
    line_ += ",\"text\":";
    AppendJsonString(TextOf(piece), &line_);
    if (sample != nullptr) {
      line_ += ",\"sample\":{\"line\":" +
               std::to_string(line_of_sample_[next_sample - planned.samples_begin]) + ',';
      AppendQuality(*sample, &line_);
      line_ += '}';
    }
    line_ += '}';

    row.Clear();
    row.Add(planned.first);
    row.Add(chat);
    row.Add(FormatIsoUtc(turns_[turn].begin));
    row.Add(who);
    row.Add(TextOf(piece));
    if (link.turn != kNoTurn && turns_[link.turn].author != 0) {
      std::string whom = turns_[link.turn].author == persona_
                             ? voice_.persona_name
                             : std::string(Label(turns_[link.turn].author));
      if (turns_[link.turn].author != persona_ && whom.size() > 2) whom.resize(whom.size() - 2);
      row.Add(whom);
      row.Add(static_cast<double>(link.probability));
    } else {
      row.AddEmpty();
      row.AddEmpty();
    }
    if (sample != nullptr) {
      row.Add(static_cast<double>(sample->quality));
      row.Add(std::string_view(SplitName(sample->split)));
    } else {
      row.AddEmpty();
      row.AddEmpty();
    }
    part_.Add(DatasetFile::kDialogsCsv, row.End());
  }
  line_ += "]}";
  part_.Add(DatasetFile::kDialogsJson, line_);
}

}  // namespace idiolect
