#include <algorithm>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "dialogs/link_reasons.h"
#include "store/messages.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kArguments = 3;
constexpr size_t kShownCharacters = 90;

struct Options {
  std::string chat;
  int64_t message = 0;
  int limit = 20;
  int looks = 1;
};

struct Held {
  MessageView message;
  std::string text;
};

// The chat that is meant: by its source id or a part of its name; the largest when nothing is said.
Result<Chat> ChooseChat(Database& database, const std::string& wanted) {
  ASSIGN_OR_RETURN(const auto chats, ListChats(database));
  ASSIGN_OR_RETURN(const auto totals, CountMessages(database));
  const auto size_of = [&totals](ChatId chat) {
    for (const ChatTotals& total : totals) {
      if (total.chat == chat) return total.messages;
    }
    return int64_t{0};
  };
  const Chat* best = nullptr;
  const std::string folded = FoldForSearch(wanted);
  for (const Chat& chat : chats) {
    if (!wanted.empty() && chat.source_id != wanted &&
        FoldForSearch(chat.name).find(folded) == std::string::npos) {
      continue;
    }
    if (best == nullptr || size_of(chat.id) > size_of(best->id)) best = &chat;
  }
  if (best != nullptr) return *best;
  if (chats.empty()) {
    return Fail(ErrorKind::kNotFound, "showing links: the workspace holds no chats",
                "idiolect import PATH");
  }
  std::string known;
  for (const Chat& chat : chats) {
    known += (known.empty() ? "" : ", ") + (chat.name.empty() ? chat.source_id : chat.name);
    if (known.size() > 200) break;
  }
  return Fail(ErrorKind::kNotFound, "showing links: no chat is called '" + wanted + "'",
              "there are: " + known);
}

// The messages that are shown, with what the linker must see around them.
struct Stretch {
  std::deque<Held> held;
  size_t begin = 0, end = 0;  // those to show
};

Result<Stretch> ReadStretch(Database& database, const Chat& chat, const Options& options) {
  Stretch stretch;
  const auto limit = static_cast<size_t>(options.limit);
  const MessageId wanted =
      options.message != 0 ? MakeMessageId(chat.id, options.message) : MessageId{0};
  size_t behind = 0;  // messages after the wanted one
  bool met = false;
  RETURN_IF_ERROR(ForEachMessage(database, chat.id, [&](const MessageView& message) -> Status {
    if (met && ++behind > limit / 2 + kSeenBehind) return {};
    met = met || (wanted != 0 && message.id == wanted);
    stretch.held.push_back({message, std::string(message.text)});
    if (stretch.held.size() > limit + kSeenBefore + kSeenBehind + 1) stretch.held.pop_front();
    return {};
  }));
  if (wanted != 0 && !met) {
    return Fail(
        ErrorKind::kNotFound,
        "showing links: there is no message " + std::to_string(options.message) + " in this chat",
        "idiolect links shows the newest ones with their numbers");
  }
  for (Held& one : stretch.held) {
    one.message.text = one.text;
    one.message.extra = {};
  }
  stretch.end = stretch.held.size();
  if (wanted != 0) {
    const auto at = static_cast<size_t>(
        std::find_if(stretch.held.begin(), stretch.held.end(),
                     [&](const Held& one) { return one.message.id == wanted; }) -
        stretch.held.begin());
    stretch.end = std::min(stretch.held.size(), at + 1 + (limit - 1) / 2);
  }
  stretch.begin = stretch.end > limit ? stretch.end - limit : 0;
  return stretch;
}

std::vector<ChatLine> LinesOf(const Stretch& stretch) {
  std::vector<ChatLine> lines;
  for (const Held& one : stretch.held) {
    const MessageView& message = one.message;
    ChatLine line;
    line.time = message.time;
    line.author = static_cast<uint32_t>(message.author);
    line.spoken = message.kind == MessageKind::kOrdinary;
    line.topic = message.topic;
    line.flags = message.flags;
    line.media = message.media;
    line.text = message.text;
    if (message.reply_to != 0) {
      line.marked_elsewhere = true;
      for (size_t i = lines.size(); i-- > 0 && lines.size() - i <= kWindow;) {
        if (stretch.held[i].message.id != message.reply_to) continue;
        line.marked = static_cast<uint32_t>(i);
        line.marked_elsewhere = false;
        break;
      }
    }
    lines.push_back(line);
  }
  return lines;
}

std::string Snippet(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  size_t at = 0, characters = 0;
  while (at < line.size() && characters < kShownCharacters) {
    NextCodePoint(line, &at);
    ++characters;
  }
  return at < line.size() ? line.substr(0, at) + "…" : line;
}

// What the command shows of one message.
class Shown {
 public:
  Shown(const Context& context, const Stretch& stretch, const std::vector<std::string>& names,
        Linker& linker)
      : context_(context), stretch_(stretch), names_(names), linker_(linker) {}

  Json ToJson(uint32_t line, const LineLink& link) const {
    const MessageView& message = MessageOf(line);
    Json json = {{"message", SourceIdOfMessage(message.id)},
                 {"author", NameOf(message.author)},
                 {"time", message.time},
                 {"text", message.text},
                 {"answers", nullptr},
                 {"probability", Rounded(link.probability)},
                 {"reason", ReasonName(link.reason)},
                 {"why", Json::array()}};
    if (link.line != kNoLine) {
      json["answers"] = SourceIdOfMessage(MessageOf(link.line).id);
    } else if (message.reply_to != 0) {
      json["answers"] = SourceIdOfMessage(message.reply_to);
    }
    for (const LinkArgument& argument : Arguments(line, link)) {
      json["why"].push_back(
          {{"feature", LinkFeatureName(argument.feature)},
           {"words", LinkFeatureWords(argument.feature, context_.global.language)},
           {"weight", Rounded(argument.weight)}});
    }
    return json;
  }

  std::string ToText(uint32_t line, const LineLink& link) const {
    const MessageView& message = MessageOf(line);
    std::string text = std::to_string(SourceIdOfMessage(message.id)) + "  " +
                       NameOf(message.author) + ": " + Snippet(message.text) + "\n    ";
    char percent[32];
    std::snprintf(percent, sizeof percent, "%.0f %%", 100 * static_cast<double>(link.probability));
    switch (link.reason) {
      case LinkReason::kNone:
        return text + context_.Say({"answers nobody, ", "никому не отвечает, "}) + percent + "\n";
      case LinkReason::kMarkedFar:
        return text +
               context_.Say({"answers by mark a message far away",
                             "по пометке отвечает на далёкое сообщение"}) +
               "\n";
      case LinkReason::kMarked:
        text += context_.Say({"answers by mark ", "по пометке отвечает на "});
        break;
      case LinkReason::kGuessed:
        text += percent + std::string(context_.Say({" answers ", " отвечает на "}));
        break;
    }
    const MessageView& answered = MessageOf(link.line);
    text += std::to_string(SourceIdOfMessage(answered.id)) + "  " + NameOf(answered.author) + ": " +
            Snippet(answered.text) + "\n";
    std::string why;
    for (const LinkArgument& argument : Arguments(line, link)) {
      why += (why.empty() ? "" : "; ") +
             std::string(LinkFeatureWords(argument.feature, context_.global.language));
    }
    if (!why.empty())
      text += std::string("    ") + context_.Say({"for: ", "за это: "}) + why + "\n";
    return text;
  }

 private:
  static double Rounded(double value) {
    return static_cast<double>(std::lround(value * 1000)) / 1000;
  }
  static const char* ReasonName(LinkReason reason) {
    switch (reason) {
      case LinkReason::kMarked:
        return "marked";
      case LinkReason::kMarkedFar:
        return "marked_far";
      case LinkReason::kGuessed:
        return "guessed";
      case LinkReason::kNone:
        break;
    }
    return "none";
  }
  const MessageView& MessageOf(uint32_t line) const { return stretch_.held[line].message; }
  std::string NameOf(PersonId person) const {
    const auto index = static_cast<size_t>(person);
    return index < names_.size() && !names_[index].empty() ? names_[index] : "?";
  }
  std::vector<LinkArgument> Arguments(uint32_t line, const LineLink& link) const {
    if (link.reason != LinkReason::kGuessed) return {};
    return ExplainLink(linker_, line, link.line, kArguments);
  }

  const Context& context_;
  const Stretch& stretch_;
  const std::vector<std::string>& names_;
  Linker& linker_;
};

Status ShowLinks(const Context& context, const Options& options) {
  ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
  ASSIGN_OR_RETURN(const Chat chat, ChooseChat(workspace->database(), options.chat));
  ASSIGN_OR_RETURN(const Stretch stretch, ReadStretch(workspace->database(), chat, options));
  ASSIGN_OR_RETURN(const auto names, PersonNames(workspace->database()));
  ASSIGN_OR_RETURN(
      const auto knowledge,
      LinkKnowledge::BuiltIn(options.looks == 2 ? MessengerLooks::kTwo : MessengerLooks::kOne));
  const LinkPeople people(*knowledge, names);
  Linker linker(*knowledge, people);
  const auto lines = LinesOf(stretch);
  const ChatStyle style =
      chat.source.starts_with("telegram") ? ChatStyle::kMessenger : StyleOf(lines);
  std::vector<LineLink> links;
  const auto begin = static_cast<uint32_t>(stretch.begin), end = static_cast<uint32_t>(stretch.end);
  linker.LinkLines(lines, begin, end, style, &links);

  const Shown shown(context, stretch, names, linker);
  Json rows = Json::array();
  std::string text;
  for (uint32_t line = begin; line < end; ++line) {
    if (!lines[line].spoken) continue;
    if (context.json()) {
      rows.push_back(shown.ToJson(line, links[line - begin]));
    } else {
      text += shown.ToText(line, links[line - begin]);
    }
  }
  if (context.json()) {
    text = Json({{"chat", chat.name}, {"model", LinkModelName(style)}, {"links", rows}})
               .dump(1, ' ', false, Json::error_handler_t::replace);
  }
  context.Print(text);
  context.Next("build");
  return {};
}

}  // namespace

CommandAction DeclareLinks(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--chat",
             {"its id or a part of its name; default: the largest",
              "его id или часть названия; по умолчанию — самый большой"}},
            options->chat);
  AddOption(app, language,
            {"--message",
             {"show this one and those around it, by its number in the source",
              "показать это и соседние, по номеру в источнике"}},
            options->message);
  AddOption(app, language, {"--limit", {"show so many messages", "показать столько сообщений"}},
            options->limit)
      .Within(1, 100'000);
  AddOption(app, language,
            {"--looks",
             {"2: look twice at who answers whom, as build --looks 2 does",
              "2: дважды смотреть, кто кому отвечает, как build --looks 2"}},
            options->looks)
      .Within(1, 2);
  return [options](Context& context) -> Status { return ShowLinks(context, *options); };
}

}  // namespace idiolect
