#include "importer/telegram_html_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "importer/html_tokens.h"
#include "importer/message_text.h"

namespace idiolect {
namespace {

constexpr size_t kMaxDepth = 64;  // deeper divs are passed over
constexpr size_t kMaxName = 1024;
constexpr size_t kMaxPoll = 4096;
// Upgraded groups' older ids are shifted by -10^9; day separators count from -1 down.
constexpr int64_t kLastSeparatorId = -500'000'000;

enum class Part : uint8_t {
  kOther,
  kIgnored,
  kForward,
  kName,
  kReply,
  kText,
  kTitle,
  kQuestion,
  kSentence,
};

struct MediaClass {
  std::string_view name;
  MediaKind kind;
};
constexpr MediaClass kMediaClasses[] = {
    {"photo_wrap", MediaKind::kPhoto},          {"sticker_wrap", MediaKind::kSticker},
    {"animated_wrap", MediaKind::kAnimation},   {"video_file_wrap", MediaKind::kVideo},
    {"media_voice_message", MediaKind::kVoice}, {"media_audio_file", MediaKind::kAudio},
    {"media_photo", MediaKind::kPhoto},         {"media_video", MediaKind::kVideo},
    {"media_file", MediaKind::kFile},           {"media_contact", MediaKind::kContact},
    {"media_location", MediaKind::kLocation},   {"media_live_location", MediaKind::kLocation},
    {"media_venue", MediaKind::kLocation},      {"media_poll", MediaKind::kPoll},
    {"media_game", MediaKind::kGame},           {"media_invoice", MediaKind::kInvoice},
    {"media_call", MediaKind::kOther},
};
// Media that was not downloaded has a general class, and says in its title what it is.
constexpr MediaClass kMediaTitles[] = {
    {"Sticker", MediaKind::kSticker},     {"Video message", MediaKind::kVideoMessage},
    {"Voice message", MediaKind::kVoice}, {"Animation", MediaKind::kAnimation},
    {"Video file", MediaKind::kVideo},
};

MediaKind MediaOfClasses(std::string_view classes) {
  for (const MediaClass& media : kMediaClasses) {
    if (HasHtmlClass(classes, media.name)) return media.kind;
  }
  return MediaKind::kNone;
}

std::optional<int64_t> IdAfter(std::string_view text, std::string_view prefix) {
  const size_t at = text.find(prefix);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(at + prefix.size());
  int64_t id = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return id;
}

// Source indentation is no text: a line's end is a <br>.
void AppendCollapsed(std::string_view text, std::string* out) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t line_end = text.find('\n', at);
    AppendHtmlText(text.substr(at, line_end - at), out);
    if (line_end == std::string_view::npos) return;
    at = std::min(text.find_first_not_of(" \t\r\n", line_end), text.size());
    if (!out->empty() && out->back() != '\n' && out->back() != ' ') *out += ' ';
  }
}

void TrimInPlace(std::string& text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t' ||
                           text.back() == '\r')) {
    text.pop_back();
  }
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start != 0) text.erase(0, std::min(start, text.size()));
}

void CutTo(size_t most, std::string& text) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
}

// "Name via @bot": the bot is cut off.
bool CutViaBot(std::string& name) {
  const size_t at = name.rfind("via @");
  if (at == std::string::npos || (at > 0 && name[at - 1] != ' ')) return false;
  if (name.find(' ', at + 5) != std::string::npos || at + 5 == name.size()) return false;
  name.resize(at);
  TrimInPlace(name);
  return true;
}

class BlockReader {
 public:
  BlockReader(std::string_view block, TelegramHtmlMessage& out)
      : tokens_(block), out_(out), m_(out.message) {}

  void Run() {
    for (;;) {
      switch (tokens_.Next()) {
        case HtmlTokenKind::kEnd:
          return Finish();
        case HtmlTokenKind::kText:
          Text(tokens_.text());
          break;
        case HtmlTokenKind::kOpen:
          if (tokens_.name() == "div") {
            OpenDiv();
          } else {
            OpenInline();
          }
          break;
        case HtmlTokenKind::kClose:
          if (tokens_.name() == "div") {
            if (depth_ > 0) CloseDiv();
            if (depth_ == 0) {
              out_.is_whole = true;
              return Finish();
            }
          } else {
            CloseInline();
          }
          break;
      }
    }
  }

 private:
  Part Inside() const {
    return depth_ == 0 ? Part::kOther : parts_[std::min(depth_, kMaxDepth) - 1];
  }

  void OpenDiv() {
    const std::string_view classes = tokens_.Attribute("class");
    Part part = Part::kOther;
    if (depth_ == 0) {
      OpenMessage(classes);
    } else if (depth_ >= kMaxDepth || Inside() == Part::kIgnored) {
      part = Part::kIgnored;
    } else if (Inside() == Part::kText) {
      part = Part::kText;
    } else {
      part = PartOf(classes);
    }
    if (depth_ < kMaxDepth) parts_[depth_] = part;
    ++depth_;
    if (part == Part::kForward) ++forwards_;
    if (part == Part::kText && !m_.text.empty() && m_.text.back() != '\n') m_.text += '\n';
    links_ = formats_ = hidden_spans_ = 0;
  }

  void OpenMessage(std::string_view classes) {
    m_.id = IdAfter(tokens_.Attribute("id"), "message");
    const bool service = HasHtmlClass(classes, "service");
    m_.type = service ? TelegramMessage::Type::kService : TelegramMessage::Type::kMessage;
    out_.joined = HasHtmlClass(classes, "joined");
    out_.is_separator = service && m_.id && *m_.id < 0 && *m_.id > kLastSeparatorId;
  }

  Part PartOf(std::string_view classes) {
    if (HasHtmlClass(classes, "body")) {
      if (HasHtmlClass(classes, "forwarded")) {
        m_.is_forward = true;
        return Part::kForward;
      }
      return m_.type == TelegramMessage::Type::kService ? Part::kSentence : Part::kOther;
    }
    if (HasHtmlClass(classes, "text")) return Part::kText;
    if (HasHtmlClass(classes, "from_name")) return Part::kName;
    if (HasHtmlClass(classes, "reply_to")) return Part::kReply;
    if (HasHtmlClass(classes, "userpic_wrap") || HasHtmlClass(classes, "signature") ||
        HasHtmlClass(classes, "reactions")) {
      return Part::kIgnored;
    }
    if (HasHtmlClass(classes, "date")) {
      if (forwards_ == 0) SetDate(tokens_.Attribute("title"));
      return Part::kIgnored;
    }
    if (HasHtmlClass(classes, "title")) return Part::kTitle;
    if (HasHtmlClass(classes, "question")) return Part::kQuestion;
    SetMedia(classes);
    return Part::kOther;
  }

  void SetMedia(std::string_view classes) {
    if (m_.media != MediaKind::kNone) return;
    m_.media = MediaOfClasses(classes);
    // Calls are messages in HTML and service messages in JSON.
    if (HasHtmlClass(classes, "media_call")) {
      m_.type = TelegramMessage::Type::kService;
      m_.action = "phone_call";
      m_.media = MediaKind::kNone;
    }
  }

  void SetDate(std::string_view title) {
    if (m_.date_unixtime) return;
    std::optional<int64_t> zone;
    m_.date_unixtime = TelegramHtmlTime(title, &zone);
    if (zone) {
      out_.has_zone = true;
      out_.zone = *zone;
    }
  }

  void CloseDiv() {
    const Part part = Inside();
    --depth_;
    if (part == Part::kForward) --forwards_;
    if (part == Part::kTitle) SetMediaTitle();
    links_ = formats_ = hidden_spans_ = 0;
  }

  void SetMediaTitle() {
    TrimInPlace(title_);
    for (const MediaClass& media : kMediaTitles) {
      if (media.name == title_ && (m_.media == MediaKind::kPhoto || m_.media == MediaKind::kVideo ||
                                   m_.media == MediaKind::kFile || m_.media == MediaKind::kNone)) {
        m_.media = media.kind;
      }
    }
    title_.clear();
  }

  void OpenInline() {
    const std::string_view name = tokens_.name();
    const Part part = Inside();
    if (part == Part::kText) {
      if (name == "br") {
        m_.text += '\n';
      } else if (name == "a") {
        OpenLink();
      } else if (name != "img") {
        ++formats_;
      }
    } else if (part == Part::kName && name == "span") {
      if (hidden_spans_ > 0 || HasHtmlClass(tokens_.Attribute("class"), "date")) ++hidden_spans_;
    } else if (part == Part::kReply && name == "a") {
      m_.reply_to = IdAfter(tokens_.Attribute("href"), "go_to_message");
    } else if (part == Part::kSentence && name == "br") {
      out_.sentence += ' ';
    } else if (part == Part::kOther || part == Part::kForward) {
      if (name == "a") SetMedia(tokens_.Attribute("class"));
    }
  }

  // Addresses, numbers and commands are words, as in JSON.
  void OpenLink() {
    const std::string_view href = tokens_.Attribute("href");
    const bool words =
        href.starts_with("mailto:") || href.starts_with("tel:") ||
        tokens_.Attribute("onclick").find("ShowBotCommand") != std::string_view::npos;
    if (words) {
      ++formats_;
      word_link_ = true;
    } else {
      ++links_;
    }
  }

  void CloseInline() {
    const std::string_view name = tokens_.name();
    if (Inside() == Part::kText) {
      if (name == "a" && !word_link_) {
        if (links_ > 0) --links_;
      } else if (name != "br" && name != "img") {
        if (formats_ > 0) --formats_;
        if (name == "a") word_link_ = false;
      }
    } else if (Inside() == Part::kName && name == "span" && hidden_spans_ > 0) {
      --hidden_spans_;
    }
  }

  void Text(std::string_view text) {
    switch (Inside()) {
      case Part::kText:
        return MessageText(text);
      case Part::kName:
        if (hidden_spans_ == 0)
          AppendCollapsed(text, forwards_ > 0 ? &m_.forwarded_from : &m_.from);
        return;
      case Part::kReply:
        if (text.find("another chat") != std::string_view::npos) out_.reply_elsewhere = true;
        return;
      case Part::kTitle:
        return AppendCollapsed(text, &title_);
      case Part::kQuestion:
        return AppendCollapsed(text, &m_.poll_question);
      case Part::kSentence:
        return AppendCollapsed(text, &out_.sentence);
      case Part::kOther:
      case Part::kIgnored:
      case Part::kForward:
        return;
    }
  }

  void MessageText(std::string_view text) {
    const size_t before = m_.text.size();
    AppendCollapsed(text, &m_.text);
    const std::string_view run = std::string_view(m_.text).substr(before);
    if (IsBlank(run)) return;
    if (links_ > 0 || (formats_ == 0 && !m_.runs_have_words && IsOnlyLinks(run))) {
      m_.runs_have_links = true;
    } else {
      m_.runs_have_words = true;
    }
  }

  void Finish() {
    m_.text_is_runs = true;
    for (std::string* text :
         {&m_.text, &m_.from, &m_.forwarded_from, &m_.poll_question, &out_.sentence}) {
      TrimInPlace(*text);
    }
    if (CutViaBot(m_.from)) m_.via_bot = true;
    CutTo(kMaxName, m_.from);
    CutTo(kMaxName, m_.forwarded_from);
    CutTo(kMaxPoll, m_.poll_question);
    CutTo(kMaxName, out_.sentence);
  }

  HtmlTokens tokens_;
  TelegramHtmlMessage& out_;
  TelegramMessage& m_;
  std::array<Part, kMaxDepth> parts_ = {};  // of the open divs
  size_t depth_ = 0;                        // may be more than there are parts
  int forwards_ = 0;
  int links_ = 0, formats_ = 0, hidden_spans_ = 0;  // open ones in the innermost div
  bool word_link_ = false;
  std::string title_;
};

std::optional<int64_t> Number(std::string_view digits) {
  int64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || digits[0] == '-' || read.ec != std::errc() ||
      read.ptr != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

void TelegramHtmlMessage::Clear() {
  message.Clear();
  joined = reply_elsewhere = is_separator = is_whole = has_zone = false;
  zone = 0;
  sentence.clear();
}

void ReadTelegramHtmlMessage(std::string_view block, TelegramHtmlMessage& message) {
  message.Clear();
  BlockReader(block, message).Run();
}

std::string TelegramHtmlChatName(std::string_view header) {
  const size_t start = header.find("page_header");
  if (start == std::string_view::npos) return {};
  HtmlTokens tokens(header.substr(start));
  std::string name;
  bool inside = false;
  for (;;) {
    const HtmlTokenKind kind = tokens.Next();
    if (kind == HtmlTokenKind::kEnd) break;
    if (kind == HtmlTokenKind::kOpen && tokens.name() == "div") {
      const std::string_view classes = tokens.Attribute("class");
      inside = HasHtmlClass(classes, "text") && HasHtmlClass(classes, "bold");
    } else if (kind == HtmlTokenKind::kClose && inside && tokens.name() == "div") {
      break;
    } else if (kind == HtmlTokenKind::kText && inside) {
      AppendCollapsed(tokens.text(), &name);
    }
  }
  TrimInPlace(name);
  CutTo(kMaxName, name);
  return name;
}

std::optional<int64_t> TelegramHtmlTime(std::string_view title, std::optional<int64_t>* zone) {
  // 01.02.2023 04:05:06
  if (title.size() < 19 || title[2] != '.' || title[5] != '.' || title[10] != ' ') {
    return std::nullopt;
  }
  std::array<char, 20> iso = {};
  std::copy_n(title.begin() + 6, 4, iso.begin());
  iso[4] = iso[7] = '-';
  std::copy_n(title.begin() + 3, 2, iso.begin() + 5);
  std::copy_n(title.begin(), 2, iso.begin() + 8);
  std::copy_n(title.begin() + 10, 9, iso.begin() + 10);
  auto seconds = ParseIsoSeconds(std::string_view(iso.data(), 19));
  if (!seconds) return std::nullopt;
  // " UTC+03:00"
  const std::string_view rest = title.substr(19);
  if (rest.size() >= 10 && rest.starts_with(" UTC") && (rest[4] == '+' || rest[4] == '-')) {
    const auto hours = Number(rest.substr(5, 2)), minutes = Number(rest.substr(8, 2));
    if (hours && minutes && *hours <= 14 && *minutes < 60) {
      *zone = (rest[4] == '-' ? -1 : 1) * (*hours * 3600 + *minutes * 60);
      *seconds -= **zone;
    }
  }
  return seconds;
}

std::optional<int64_t> TelegramHtmlDay(std::string_view sentence) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  const size_t first = sentence.find(' '), last = sentence.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const auto day = Number(sentence.substr(0, first)), year = Number(sentence.substr(last + 1));
  const auto* month =
      std::find(kMonths.begin(), kMonths.end(), sentence.substr(first + 1, last - first - 1));
  if (!day || !year || month == kMonths.end() || *day > 31 || *year < 1000 || *year > 9999) {
    return std::nullopt;
  }
  const auto two = [](int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return ParseIsoSeconds(std::to_string(*year) + "-" + two(month - kMonths.begin() + 1) + "-" +
                         two(*day) + "T00:00:00");
}

}  // namespace idiolect
