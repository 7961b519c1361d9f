#include "importer/telegram_message.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "importer/message_text.h"

namespace idiolect {
namespace {

constexpr size_t kMaxName = 1024;  // bytes of a name, an id, an action
constexpr size_t kMaxPoll = 4096;

enum class Field {
  kOther,
  kId,
  kType,
  kDate,
  kDateUnix,
  kEdited,
  kEditedUnix,
  kFrom,
  kFromId,
  kActor,
  kActorId,
  kAction,
  kInformationText,
  kTitle,
  kForwardedFrom,
  kForwardedFromId,
  kSavedFrom,
  kReplyTo,
  kReplyToPeer,
  kViaBot,
  kText,
  kTextEntities,
  kMediaType,
  kStickerEmoji,
  kPhoto,
  kFile,
  kPoll,
  kContact,
  kLocation,
  kGame,
  kInvoice,
  kOtherMedia,
};

Field FieldOf(std::string_view key) {
  switch (key.size()) {
    case 2:
      if (key == "id") return Field::kId;
      break;
    case 4:
      if (key == "type") return Field::kType;
      if (key == "date") return Field::kDate;
      if (key == "from") return Field::kFrom;
      if (key == "text") return Field::kText;
      if (key == "file") return Field::kFile;
      if (key == "poll") return Field::kPoll;
      break;
    case 5:
      if (key == "actor") return Field::kActor;
      if (key == "photo") return Field::kPhoto;
      if (key == "title") return Field::kTitle;
      break;
    case 6:
      if (key == "edited") return Field::kEdited;
      if (key == "action") return Field::kAction;
      break;
    case 7:
      if (key == "from_id") return Field::kFromId;
      if (key == "via_bot") return Field::kViaBot;
      break;
    case 8:
      if (key == "actor_id") return Field::kActorId;
      break;
    case 9:
      if (key == "todo_list") return Field::kOtherMedia;
      break;
    case 10:
      if (key == "media_type") return Field::kMediaType;
      if (key == "saved_from") return Field::kSavedFrom;
      if (key == "game_title") return Field::kGame;
      if (key == "place_name") return Field::kLocation;
      break;
    case 13:
      if (key == "date_unixtime") return Field::kDateUnix;
      if (key == "text_entities") return Field::kTextEntities;
      if (key == "sticker_emoji") return Field::kStickerEmoji;
      if (key == "contact_vcard") return Field::kContact;
      break;
    case 14:
      if (key == "forwarded_from") return Field::kForwardedFrom;
      break;
    case 15:
      if (key == "edited_unixtime") return Field::kEditedUnix;
      break;
    case 16:
      if (key == "reply_to_peer_id") return Field::kReplyToPeer;
      if (key == "information_text") return Field::kInformationText;
      if (key == "giveaway_results") return Field::kOtherMedia;
      break;
    case 17:
      if (key == "forwarded_from_id") return Field::kForwardedFromId;
      break;
    case 19:
      if (key == "reply_to_message_id") return Field::kReplyTo;
      if (key == "contact_information") return Field::kContact;
      if (key == "invoice_information") return Field::kInvoice;
      break;
    case 20:
      if (key == "location_information") return Field::kLocation;
      if (key == "giveaway_information") return Field::kOtherMedia;
      break;
    default:
      break;
  }
  return Field::kOther;
}

// A string; null and everything else leave it empty.
void ReadName(JsonStream& json, size_t most, std::string& out) {
  out.assign(json.String(most).value_or(std::string_view()));
}

// An id: a string, or a number in old exports.
void ReadPeer(JsonStream& json, std::string& out) {
  if (json.Peek() != JsonKind::kNumber) return ReadName(json, kMaxName, out);
  const auto number = json.Integer();
  out = number ? std::to_string(*number) : std::string();
}

TelegramMessage::Type TypeOf(std::string_view text) {
  if (text == "message") return TelegramMessage::Type::kMessage;
  if (text == "service") return TelegramMessage::Type::kService;
  if (text == "unsupported") return TelegramMessage::Type::kUnsupported;
  return TelegramMessage::Type::kUnknown;
}

MediaKind MediaOf(std::string_view type) {
  if (type == "sticker") return MediaKind::kSticker;
  if (type == "voice_message") return MediaKind::kVoice;
  if (type == "video_message") return MediaKind::kVideoMessage;
  if (type == "video_file") return MediaKind::kVideo;
  if (type == "animation") return MediaKind::kAnimation;
  if (type == "audio_file") return MediaKind::kAudio;
  return MediaKind::kOther;
}

// Some media bring several of the fields (a sticker has media_type and file, a video a thumbnail
// photo): the more telling one stays.
void SetMedia(TelegramMessage& message, MediaKind kind) {
  const auto telling = [](MediaKind media) {
    switch (media) {
      case MediaKind::kNone:
        return 0;
      case MediaKind::kOther:
        return 1;
      case MediaKind::kFile:
        return 2;
      case MediaKind::kPhoto:
        return 3;
      default:
        return 4;
    }
  };
  if (telling(kind) > telling(message.media)) message.media = kind;
}

// A key whose mere presence tells, but for a null.
void ReadMedia(JsonStream& json, MediaKind kind, TelegramMessage& message) {
  if (json.Peek() != JsonKind::kNull) SetMedia(message, kind);
  json.Skip();
}

enum class RunClass { kWords, kPlain, kLink };

RunClass ClassOf(std::string_view type) {
  if (type == "plain") return RunClass::kPlain;
  if (type == "link" || type == "text_link" || type == "mention" || type == "mention_name" ||
      type == "hashtag" || type == "cashtag") {
    return RunClass::kLink;
  }
  return RunClass::kWords;
}

void AddRun(TelegramMessage& message, RunClass run, std::string_view text, size_t max_text) {
  if (!IsBlank(text)) {
    const bool link = run == RunClass::kLink || (run == RunClass::kPlain && IsOnlyLinks(text));
    (link ? message.runs_have_links : message.runs_have_words) = true;
  }
  message.text += text.substr(0, max_text - std::min(max_text, message.text.size()));
}

// {"type": "link", "text": "…", …}; the order of the keys is the exporter's choice.
void ReadEntity(JsonStream& json, size_t max_text, TelegramMessage& message) {
  RunClass run = RunClass::kWords;
  const size_t room = max_text - std::min(max_text, message.text.size());
  std::string text;
  bool known = false;
  std::string_view key;
  if (!json.Enter()) return;
  while (json.NextKey(&key)) {
    if (key == "type") {
      run = ClassOf(json.String(kMaxName).value_or(std::string_view()));
      known = true;
    } else if (key == "text") {
      const auto value = json.String(room);
      if (!value) continue;
      if (known) {
        AddRun(message, run, *value, max_text);  // without a copy: type comes first
        known = false;
      } else {
        text = *value;
      }
    } else {
      json.Skip();
    }
  }
  if (!text.empty()) AddRun(message, run, text, max_text);
}

void ReadText(JsonStream& json, size_t max_text, TelegramMessage& message) {
  // Both `text` and `text_entities` hold the whole text: the first that has any is taken.
  if (!message.text.empty()) return json.Skip();
  if (json.Peek() != JsonKind::kArray) return ReadName(json, max_text, message.text);
  if (!json.Enter()) return;
  message.text_is_runs = true;
  while (json.NextItem()) {
    if (json.Peek() == JsonKind::kObject) {
      ReadEntity(json, max_text, message);
    } else if (const auto text = json.String(max_text)) {
      AddRun(message, RunClass::kPlain, *text, max_text);
    }
  }
}

void ReadPoll(JsonStream& json, TelegramMessage& message) {
  SetMedia(message, MediaKind::kPoll);
  if (json.Peek() != JsonKind::kObject) return json.Skip();
  if (!json.Enter()) return;
  std::string_view key;
  while (json.NextKey(&key)) {
    if (key == "question" && json.Peek() == JsonKind::kString) {
      ReadName(json, kMaxPoll, message.poll_question);
    } else {
      json.Skip();
    }
  }
}

}  // namespace

void TelegramMessage::Clear() {
  id.reset();
  type = Type::kMissing;
  for (std::string* field :
       {&date, &edited, &from, &from_id, &actor, &actor_id, &forwarded_from, &action, &title,
        &sticker_emoji, &poll_question, &reply_to_peer, &text}) {
    field->clear();
  }
  date_unixtime.reset();
  edited_unixtime.reset();
  reply_to.reset();
  text_is_runs = runs_have_links = runs_have_words = false;
  has_action = is_forward = via_bot = false;
  media = MediaKind::kNone;
}

bool ReadTelegramMessage(JsonStream& json, size_t max_text, TelegramMessage& message) {
  message.Clear();
  if (!json.Enter()) return false;
  std::string_view key;
  while (json.NextKey(&key)) {
    switch (FieldOf(key)) {
      case Field::kId:
        message.id = json.Integer();
        break;
      case Field::kType:
        message.type = TypeOf(json.String(kMaxName).value_or(std::string_view()));
        break;
      case Field::kDate:
        ReadName(json, kMaxName, message.date);
        break;
      case Field::kDateUnix:
        message.date_unixtime = json.Integer();
        break;
      case Field::kEdited:
        ReadName(json, kMaxName, message.edited);
        break;
      case Field::kEditedUnix:
        message.edited_unixtime = json.Integer();
        break;
      case Field::kFrom:
        ReadName(json, kMaxName, message.from);
        break;
      case Field::kFromId:
        ReadPeer(json, message.from_id);
        break;
      case Field::kActor:
        ReadName(json, kMaxName, message.actor);
        break;
      case Field::kActorId:
        ReadPeer(json, message.actor_id);
        break;
      case Field::kAction:
        message.has_action = true;
        ReadName(json, kMaxName, message.action);
        break;
      case Field::kTitle:
        ReadName(json, kMaxName, message.title);
        break;
      case Field::kInformationText:
        message.has_action = true;
        if (message.action.empty()) message.action = "custom";
        json.Skip();
        break;
      case Field::kForwardedFrom:
        message.is_forward = true;
        ReadName(json, kMaxName, message.forwarded_from);
        break;
      case Field::kSavedFrom:
        message.is_forward = true;
        if (message.forwarded_from.empty()) {
          ReadName(json, kMaxName, message.forwarded_from);
        } else {
          json.Skip();
        }
        break;
      case Field::kForwardedFromId:
        message.is_forward = true;
        json.Skip();
        break;
      case Field::kReplyTo:
        message.reply_to = json.Integer();
        break;
      case Field::kReplyToPeer:
        ReadPeer(json, message.reply_to_peer);
        break;
      case Field::kViaBot:
        message.via_bot = json.Peek() != JsonKind::kNull;
        json.Skip();
        break;
      case Field::kText:
      case Field::kTextEntities:
        ReadText(json, max_text, message);
        break;
      case Field::kMediaType:
        SetMedia(message, MediaOf(json.String(kMaxName).value_or(std::string_view())));
        break;
      case Field::kStickerEmoji:
        ReadName(json, kMaxName, message.sticker_emoji);
        break;
      case Field::kPhoto:
        ReadMedia(json, MediaKind::kPhoto, message);
        break;
      case Field::kFile:
        ReadMedia(json, MediaKind::kFile, message);
        break;
      case Field::kPoll:
        ReadPoll(json, message);
        break;
      case Field::kContact:
        ReadMedia(json, MediaKind::kContact, message);
        break;
      case Field::kLocation:
        SetMedia(message, MediaKind::kLocation);  // null when it is a place without coordinates
        json.Skip();
        break;
      case Field::kGame:
        ReadMedia(json, MediaKind::kGame, message);
        break;
      case Field::kInvoice:
        ReadMedia(json, MediaKind::kInvoice, message);
        break;
      case Field::kOtherMedia:
        ReadMedia(json, MediaKind::kOther, message);
        break;
      case Field::kOther:
        json.Skip();
        break;
    }
  }
  return json.stop() == JsonStop::kNone;
}

std::string_view TelegramPeer(std::string_view from_id, std::string& scratch) {
  uint64_t number = 0;
  const auto read = std::from_chars(from_id.data(), from_id.data() + from_id.size(), number);
  if (read.ec != std::errc() || read.ptr != from_id.data() + from_id.size()) return from_id;
  if (number == 0) return {};
  // Numbers are from before 2021, when an account's id was below 2^32 and the kind stood above.
  const uint64_t kind = number >> 32;
  const uint64_t bare = number & 0xffffffffu;
  scratch = kind == 1   ? "chat" + std::to_string(bare)
            : kind == 2 ? "channel" + std::to_string(bare)
                        : "user" + std::to_string(number);
  return scratch;
}

std::optional<int64_t> TelegramTime(const std::optional<int64_t>& unixtime, std::string_view iso) {
  constexpr int64_t kYear1971 = 31536000;
  if (unixtime && *unixtime >= kYear1971) return unixtime;
  const auto seconds = ParseIsoSeconds(iso);
  if (seconds && *seconds >= kYear1971) return seconds;
  return std::nullopt;
}

uint32_t TelegramFlags(const TelegramMessage& message) {
  uint32_t flags = 0;
  if (message.is_forward) flags |= kForwarded;
  // What Telegram copies from a channel into its discussion group is written by the channel and
  // forwarded from it. Where there are no ids the two names must do.
  const bool by_channel = message.from_id.empty() || message.from_id.starts_with("channel");
  if (message.is_forward && by_channel && !message.from.empty() &&
      message.from == message.forwarded_from) {
    flags |= kChannelPost;
  }
  if (message.via_bot) flags |= kViaBot;
  const bool only_links = message.text_is_runs ? message.runs_have_links && !message.runs_have_words
                                               : IsOnlyLinks(message.text);
  if (only_links) flags |= kOnlyLinks;
  if (IsBotCommand(message.text)) flags |= kBotCommand;
  return flags;
}

}  // namespace idiolect
