#include "links_telegram.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "dialogs/chat_linker.h"
#include "importer/importer.h"
#include "link_rows.h"
#include "stem_counts.h"
#include "store/messages.h"
#include "store/workspace.h"

namespace idiolect {
namespace {

constexpr int64_t kTurnSeconds = 300;  // messages of one author this close are one turn

struct LoadedChat {
  Chat chat;
  std::deque<std::string> texts;
  std::vector<MessageView> messages;  // texts borrow from `texts`
};

struct Loaded {
  std::vector<LoadedChat> chats;
  std::vector<std::string> names;
};

// Imports into a workspace that goes away again, as a user's import would.
Result<Loaded> Load(const std::vector<std::string>& paths) {
  char folder[] = "/tmp/idiolect-links-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    return Fail(ErrorKind::kFailed, "making a folder for the import", "free some space in /tmp");
  }
  Loaded loaded;
  const auto load = [&]() -> Status {
    ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(folder));
    NoProgress progress;
    Interrupt interrupt;
    RETURN_IF_ERROR(ImportPaths(*workspace,
                                std::vector<std::filesystem::path>(paths.begin(), paths.end()), {},
                                progress, interrupt));
    ASSIGN_OR_RETURN(loaded.names, PersonNames(workspace->database()));
    ASSIGN_OR_RETURN(const auto chats, ListChats(workspace->database()));
    for (const Chat& chat : chats) {
      LoadedChat& held = loaded.chats.emplace_back();
      held.chat = chat;
      RETURN_IF_ERROR(
          ForEachMessage(workspace->database(), chat.id, [&](const MessageView& message) -> Status {
            MessageView copy = message;
            copy.text = held.texts.emplace_back(message.text);
            copy.extra = {};
            held.messages.push_back(copy);
            return {};
          }));
    }
    return {};
  };
  const Status status = load();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  RETURN_IF_ERROR(status);
  return loaded;
}

struct Lines {
  std::vector<ChatLine> lines;
  std::vector<uint32_t> targets;  // what each line's mark points at; kNoLine where it is not hidden
};

// Which reply marks nobody sees: all of them; or those of one fold of many, so that every reply is
// hidden once while the others are facts, as they are to a user.
struct Hiding {
  uint32_t folds = 1, fold = 0;  // 0 folds: nothing is hidden
  bool Hides(const MessageView& message) const {
    if (folds < 2) return folds == 1;
    // A message's number alone says where it belongs, whatever else is in the export.
    const uint64_t mixed =
        static_cast<uint64_t>(SourceIdOfMessage(message.id)) * 0x9E3779B97F4A7C15;
    return (mixed >> 40) % folds == fold;
  }
};
constexpr Hiding kNothing = {0, 0}, kEverything = {1, 0};

Lines LinesOfChat(const LoadedChat& chat, const Hiding& hiding) {
  Lines result;
  for (const MessageView& message : chat.messages) {
    ChatLine line;
    line.time = message.time;
    line.author = static_cast<uint32_t>(message.author);
    line.spoken = message.kind == MessageKind::kOrdinary;
    line.topic = message.topic;
    line.flags = message.flags;
    line.media = message.media;
    line.text = message.text;
    uint32_t target = kNoLine;
    if (message.reply_to != 0) {
      const auto found = std::lower_bound(
          chat.messages.begin(), chat.messages.end(), message.reply_to,
          [](const MessageView& earlier, MessageId wanted) { return earlier.id < wanted; });
      const auto place = static_cast<size_t>(found - chat.messages.begin());
      if (place < result.lines.size() && found->id == message.reply_to &&
          found->kind == MessageKind::kOrdinary) {
        target = static_cast<uint32_t>(place);
      }
    }
    if (!hiding.Hides(message)) {
      if (target != kNoLine && result.lines.size() - target <= kWindow) line.marked = target;
      line.marked_elsewhere = message.reply_to != 0 && line.marked == kNoLine;
    }
    result.targets.push_back(hiding.Hides(message) ? target : kNoLine);
    result.lines.push_back(line);
  }
  return result;
}

// The message just before, and the last one by another author.
uint32_t Previous(const std::vector<ChatLine>& lines, uint32_t line) {
  for (uint32_t i = line; i-- > 0;) {
    if (lines[i].spoken && lines[i].topic == lines[line].topic) return i;
  }
  return kNoLine;
}
uint32_t PreviousOfOther(const std::vector<ChatLine>& lines, uint32_t line) {
  for (uint32_t i = line; i-- > 0;) {
    if (lines[i].spoken && lines[i].topic == lines[line].topic &&
        lines[i].author != lines[line].author) {
      return i;
    }
  }
  return kNoLine;
}

std::unique_ptr<NameFinder> Finder(const Loaded& loaded) {
  return MakePersonFinder(loaded.names);
}

Status WriteRows(const Loaded& loaded, const TelegramLinkSettings& settings) {
  ASSIGN_OR_RETURN(auto writer, LinkRowWriter::Create(settings.rows));
  std::optional<LinkModel> first;
  if (!settings.first.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(settings.first));
    ASSIGN_OR_RETURN(first, LinkModel::Parse(text));
  }
  const WordTable words(BuiltInLinkWords());
  const auto finder = Finder(loaded);
  uint32_t group = 0;
  int64_t replies = 0, missed = 0, rows = 0;
  const auto write = [&](const LoadedChat& chat, const Hiding& hiding) -> Status {
    const Lines chat_lines = LinesOfChat(chat, hiding);
    LineWindow window(words, *finder);
    window.Read(chat_lines.lines);
    LinkScorer scorer;
    const uint32_t end = window.size();
    scorer.Compute(window, 0, end, ChatStyle::kMessenger, first ? &*first : nullptr,
                   {Marks::kShown, MarkedLines::kLinked});
    const CandidateTable& candidates = scorer.candidates();
    for (uint32_t line = 0; line < end; ++line) {
      if (chat_lines.targets[line] == kNoLine) continue;
      const auto of = candidates.of(line);
      ++replies;
      rows += static_cast<int64_t>(of.size());
      missed += std::find(of.begin(), of.end(), chat_lines.targets[line]) == of.end();
    }
    return writer.Add(
        candidates, scorer.features(), 0, end, group,
        [&](uint32_t line) { return chat_lines.targets[line] != kNoLine; },
        [&](uint32_t line, uint32_t candidate) { return chat_lines.targets[line] == candidate; });
  };
  for (const LoadedChat& chat : loaded.chats) {
    for (uint32_t fold = 0; fold < settings.folds; ++fold) {
      RETURN_IF_ERROR(write(chat, {settings.folds, fold}));
    }
    group += static_cast<uint32_t>(chat.messages.size());
  }
  std::fprintf(stderr, "%lld replies, %.1f candidates a line, %.2f %% of targets among them\n",
               static_cast<long long>(replies),
               static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(replies, 1)),
               100.0 - 100.0 * static_cast<double>(missed) /
                           static_cast<double>(std::max<int64_t>(replies, 1)));
  return writer.Commit();
}

struct Judged {
  int64_t lines = 0, top1 = 0, top3 = 0, previous = 0, previous_other = 0;
  double Share(int64_t part) const {
    return lines == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(lines);
  }
};

// Every explicit reply that is hidden and whose target is in the export; a target that is no
// candidate counts as missed.
void JudgeReplies(const Loaded& loaded, const LinkModels& models, const Hiding& hiding,
                  Judged* of_all) {
  const LinkModel& model = *models.last;
  Judged& judged = *of_all;
  const WordTable words(BuiltInLinkWords());
  const auto finder = Finder(loaded);
  for (const LoadedChat& chat : loaded.chats) {
    const Lines chat_lines = LinesOfChat(chat, hiding);
    LineWindow window(words, *finder);
    window.Read(chat_lines.lines);
    LinkScorer scorer;
    std::vector<float> probabilities;
    const uint32_t end = window.size();
    scorer.Score(window, 0, end, models, {Marks::kShown, MarkedLines::kLinked});
    const CandidateTable& candidates = scorer.candidates();
    const std::vector<int32_t>& sums = scorer.sums();
    for (uint32_t line = 0; line < end; ++line) {
      const uint32_t target = chat_lines.targets[line];
      if (target == kNoLine || !chat_lines.lines[line].spoken) continue;
      ++judged.lines;
      judged.previous += Previous(chat_lines.lines, line) == target;
      judged.previous_other += PreviousOfOther(chat_lines.lines, line) == target;
      ProbabilitiesOf(model, window, candidates, line, PriorOf::kMarkedLines, sums, &probabilities);
      const auto of = candidates.of(line);
      const auto place = static_cast<size_t>(std::find(of.begin(), of.end(), target) - of.begin());
      if (place == of.size()) continue;
      // A tie is broken against us.
      const auto above = std::count_if(of.begin(), of.end(), [&](const uint32_t& other) {
        const auto i = static_cast<size_t>(&other - of.data());
        return i != place && probabilities[i] >= probabilities[place];
      });
      judged.top1 += above == 0;
      judged.top3 += above < 3;
    }
  }
}

struct Labels {
  std::map<int64_t, std::set<int64_t>> targets;  // by the source's ids; empty: answers nobody
};

// Rows "ID TARGET[,TARGET…]", "ID -" for what answers nobody; # begins a comment.
Result<Labels> ReadLabels(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Labels labels;
  for (const std::string_view row : SplitLines(text)) {
    if (row.empty() || row[0] == '#') continue;
    const std::string line(row);
    char* rest = nullptr;
    const int64_t id = std::strtoll(line.c_str(), &rest, 10);
    auto& of = labels.targets[id];
    while (*rest == ' ' || *rest == '\t' || *rest == ',') {
      ++rest;
      char* end = nullptr;
      const int64_t target = std::strtoll(rest, &end, 10);
      if (end == rest || target <= 0) break;
      of.insert(target);
      rest = end;
    }
  }
  return labels;
}

// Of one linked line without a mark: how sure, and right or not.
struct Sure {
  float probability = 0;
  bool right = false;
};

struct JudgedLabels {
  Judged links;
  int64_t right_turn = 0, answers = 0;
  std::vector<Sure> sure;  // of those that were linked to something
};

// A target may be any message of a turn: what counts is to hit one that was labelled.
Result<JudgedLabels> JudgeLabels(const Loaded& loaded, const LinkKnowledge& knowledge,
                                 const LinkModels& models, const Labels& labels,
                                 const std::string& prior_path) {
  const LinkModel& model = *models.last;
  JudgedLabels judged;
  const auto finder = Finder(loaded);
  std::string prior;
  for (const LoadedChat& chat : loaded.chats) {
    const Lines chat_lines = LinesOfChat(chat, kNothing);
    const auto id_of = [&](uint32_t line) {
      return line == kNoLine ? -1 : SourceIdOfMessage(chat.messages[line].id);
    };
    LineWindow window(knowledge.words(), *finder);
    window.Read(chat_lines.lines);
    LinkScorer scorer;
    std::vector<float> probabilities;
    const uint32_t end = window.size();
    scorer.Score(window, 0, end, models, {Marks::kShown, MarkedLines::kLinked});
    const CandidateTable& candidates = scorer.candidates();
    const std::vector<int32_t>& sums = scorer.sums();
    for (uint32_t line = 0; line < end; ++line) {
      const auto label = labels.targets.find(id_of(line));
      if (label == labels.targets.end() || !chat_lines.lines[line].spoken) continue;
      const auto& truth = label->second;
      const auto is_right = [&](uint32_t answered) {
        return answered == kNoLine ? truth.empty() : truth.contains(id_of(answered));
      };
      ++judged.links.lines;
      judged.answers += !truth.empty();
      judged.links.previous += is_right(Previous(chat_lines.lines, line));
      judged.links.previous_other += is_right(PreviousOfOther(chat_lines.lines, line));
      ProbabilitiesOf(model, window, candidates, line, PriorOf::kUnmarkedLines, sums,
                      &probabilities);
      const auto of = candidates.of(line);
      const LineLink link = DecideLink(model, of, line, probabilities);
      judged.links.top1 += is_right(link.line);
      if (link.line != kNoLine) judged.sure.push_back({link.probability, is_right(link.line)});
      if (prior_path.empty()) continue;
      for (size_t i = 0; i < of.size(); ++i) {
        const bool self = of[i] == line;
        const int64_t seconds = chat_lines.lines[line].time - chat_lines.lines[of[i]].time;
        const int64_t silence =
            line > 0 ? chat_lines.lines[line].time - chat_lines.lines[line - 1].time : 86400;
        char row[256];
        std::snprintf(row, sizeof row, "%lld %d %d %.9g %.6f %.6f %d %d %.6f %d %d\n",
                      static_cast<long long>(id_of(line)),
                      self ? truth.empty() : truth.contains(id_of(of[i])), self,
                      model.settings().unit * sums[candidates.begin(line) + i],
                      self ? 0
                           : std::log(static_cast<double>(window[line].chat_number -
                                                          window[of[i]].chat_number)),
                      std::log1p(static_cast<double>(std::max<int64_t>(seconds, 0)) / 60.0),
                      !self && chat_lines.lines[of[i]].author == chat_lines.lines[line].author,
                      i == 0,
                      std::log1p(static_cast<double>(std::max<int64_t>(silence, 0)) / 600.0),
                      (window[line].cues & kGreets) != 0, (window[line].cues & kAsks) != 0);
        prior += row;
      }
    }
  }
  if (!prior_path.empty()) RETURN_IF_ERROR(PublishFile(prior_path, prior));
  return judged;
}

// For labelling: what is to be labelled has a star. Text goes to the screen and nowhere else.
void PrintMessages(const Loaded& loaded, int64_t from, int64_t count) {
  for (const LoadedChat& chat : loaded.chats) {
    const Lines chat_lines = LinesOfChat(chat, kNothing);
    std::map<int64_t, int> people;
    for (size_t i = 0; i < chat.messages.size() && count > 0; ++i) {
      const MessageView& message = chat.messages[i];
      if (SourceIdOfMessage(message.id) < from || message.kind != MessageKind::kOrdinary) continue;
      --count;
      const auto person = people.try_emplace(message.author, people.size() + 1).first->second;
      const bool goes_on = i > 0 && chat.messages[i - 1].author == message.author &&
                           message.time - chat.messages[i - 1].time <= kTurnSeconds;
      std::string text(message.text.substr(0, 330));
      std::replace(text.begin(), text.end(), '\n', ' ');
      const std::string name = loaded.names[static_cast<size_t>(message.author)];
      std::printf("%s%lld %02d:%02d %d.%.12s%s%s %s\n",
                  message.reply_to == 0 && !goes_on ? "*" : " ",
                  static_cast<long long>(SourceIdOfMessage(message.id)),
                  static_cast<int>(message.time / 3600 % 24),
                  static_cast<int>(message.time / 60 % 60), person, name.c_str(),
                  message.reply_to != 0
                      ? (" >" + std::to_string(SourceIdOfMessage(message.reply_to))).c_str()
                      : "",
                  message.media != MediaKind::kNone ? " [media]" : "", RepairUtf8(text).c_str());
    }
  }
}

struct Speed {
  double messages_per_s = 0;
  int64_t messages = 0, guessed = 0;
  double before_mib = 0, after_mib = 0;
};

Result<Speed> MeasureSpeed(const Loaded& loaded, const LinkKnowledge& knowledge, int threads) {
  Speed speed;
  const LinkPeople people(knowledge, loaded.names);
  speed.before_mib = PeakMib();
  const auto start = std::chrono::steady_clock::now();
  for (const LoadedChat& chat : loaded.chats) {
    ChatLinkerOptions options;
    options.threads = threads;
    ChatLinker linker(knowledge, people, options, [&](const MessageLink& link) -> Status {
      speed.guessed += link.reason == LinkReason::kGuessed;
      return {};
    });
    for (const MessageView& message : chat.messages) {
      RETURN_IF_ERROR(linker.Add(message));
      ++speed.messages;
    }
    RETURN_IF_ERROR(linker.Finish());
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  speed.messages_per_s = static_cast<double>(speed.messages) / seconds;
  speed.after_mib = PeakMib();
  return speed;
}

}  // namespace

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

Result<std::unique_ptr<LinkKnowledge>> ReadKnowledge(ChatStyle style, const std::string& first,
                                                     const std::string& model,
                                                     MessengerLooks looks) {
  LinkKnowledge::Texts nicks = LinkKnowledge::BuiltInTexts(ChatStyle::kNicks, looks);
  LinkKnowledge::Texts messenger = LinkKnowledge::BuiltInTexts(ChatStyle::kMessenger, looks);
  std::string first_text, model_text;
  if (!model.empty()) {
    ASSIGN_OR_RETURN(model_text, ReadFile(model));
    if (!first.empty()) {
      ASSIGN_OR_RETURN(first_text, ReadFile(first));
    }
    (style == ChatStyle::kNicks ? nicks : messenger) = {first_text, model_text};
  }
  return LinkKnowledge::From(nicks, messenger, BuiltInLinkWords());
}

Status RunTelegramLinks(const TelegramLinkSettings& settings) {
  ASSIGN_OR_RETURN(const Loaded loaded, Load(settings.paths));
  if (settings.words) {
    StemCounts counts;
    for (const LoadedChat& chat : loaded.chats) {
      for (const MessageView& message : chat.messages) {
        counts.Add(message.text, static_cast<uint64_t>(message.author));
      }
    }
    counts.Print();
    return {};
  }
  if (!settings.rows.empty()) return WriteRows(loaded, settings);
  if (!settings.print.empty()) {
    char* rest = nullptr;
    const int64_t from = std::strtoll(settings.print.c_str(), &rest, 10);
    PrintMessages(loaded, from, *rest == '/' ? std::strtoll(rest + 1, nullptr, 10) : 100);
    return {};
  }
  ASSIGN_OR_RETURN(
      const auto knowledge,
      ReadKnowledge(ChatStyle::kMessenger, settings.first, settings.model,
                    settings.looks == 2 ? MessengerLooks::kTwo : MessengerLooks::kOne));
  const LinkModels models = knowledge->models(ChatStyle::kMessenger);
  ASSIGN_OR_RETURN(const Speed speed, MeasureSpeed(loaded, *knowledge, settings.threads));
  Judged hidden, share;
  JudgeReplies(loaded, models, kEverything, &hidden);
  for (uint32_t fold = 0; fold < settings.folds; ++fold) {
    JudgeReplies(loaded, models, {settings.folds, fold}, &share);
  }
  std::printf("%lld explicit replies, all hidden: top-1 %.1f, top-3 %.1f\n",
              static_cast<long long>(hidden.lines), hidden.Share(hidden.top1),
              hidden.Share(hidden.top3));
  if (settings.folds > 1) {
    std::printf("one in %u hidden, the others known: top-1 %.1f, top-3 %.1f\n", settings.folds,
                share.Share(share.top1), share.Share(share.top3));
  }
  std::printf("previous message %.1f, previous by another author %.1f\n",
              hidden.Share(hidden.previous), hidden.Share(hidden.previous_other));
  std::string labelled;
  if (!settings.labels.empty()) {
    ASSIGN_OR_RETURN(const Labels labels, ReadLabels(settings.labels));
    ASSIGN_OR_RETURN(JudgedLabels judged,
                     JudgeLabels(loaded, *knowledge, models, labels, settings.prior));
    const Judged& links = judged.links;
    std::printf(
        "%lld unmarked messages labelled by hand, %lld of them answers: right %.1f; "
        "previous message %.1f, previous by another author %.1f\n",
        static_cast<long long>(links.lines), static_cast<long long>(judged.answers),
        links.Share(links.top1), links.Share(links.previous), links.Share(links.previous_other));
    for (int percent = 10; percent <= 95; percent += 5) {
      int64_t kept = 0, right = 0;
      for (const Sure& one : judged.sure) {
        if (one.probability * 100 < static_cast<float>(percent)) continue;
        ++kept;
        right += one.right;
      }
      std::printf("  links of %.2f and more: %lld, precision %.1f, of all answers %.1f\n",
                  percent / 100.0, static_cast<long long>(kept),
                  kept == 0 ? 0 : 100.0 * static_cast<double>(right) / static_cast<double>(kept),
                  100.0 * static_cast<double>(right) /
                      static_cast<double>(std::max<int64_t>(judged.answers, 1)));
    }
    char text[256];
    std::snprintf(text, sizeof text,
                  ",\"unmarked\":%lld,\"unmarked_right\":%.2f,\"unmarked_previous\":%.2f,"
                  "\"unmarked_previous_other\":%.2f",
                  static_cast<long long>(links.lines), links.Share(links.top1),
                  links.Share(links.previous), links.Share(links.previous_other));
    labelled = text;
  }
  std::string known;
  if (settings.folds > 1) {
    char text[128];
    std::snprintf(text, sizeof text, ",\"folds\":%u,\"fold_top1\":%.2f,\"fold_top3\":%.2f",
                  settings.folds, share.Share(share.top1), share.Share(share.top3));
    known = text;
  }
  std::printf(
      "%lld messages linked with %d threads: %.0f messages/s; memory of the messages alone "
      "%.1f MiB, with the linker %.1f\n",
      static_cast<long long>(speed.messages), settings.threads, speed.messages_per_s,
      speed.before_mib, speed.after_mib);
  std::printf(
      "{\"bench\":\"links\",\"corpus\":\"telegram\",\"replies\":%lld,\"top1\":%.2f,\"top3\":%.2f%s,"
      "\"previous\":%.2f,\"previous_other\":%.2f%s,\"messages_per_s\":%.0f,\"peak_mib\":%.1f,"
      "\"linker_mib\":%.1f}\n",
      static_cast<long long>(hidden.lines), hidden.Share(hidden.top1), hidden.Share(hidden.top3),
      known.c_str(), hidden.Share(hidden.previous), hidden.Share(hidden.previous_other),
      labelled.c_str(), speed.messages_per_s, PeakMib(), speed.after_mib - speed.before_mib);
  return {};
}

}  // namespace idiolect
