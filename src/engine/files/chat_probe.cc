#include "engine/files/chat_probe.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/chat_parts.h"
#include "engine/files/jinja.h"

namespace idiolect {
namespace {

using Messages = std::vector<ChatMessage>;

constexpr char kSystem[] = "qSx", kUser1[] = "qUax", kAnswer1[] = "qAax", kUser2[] = "qUbx",
               kAnswer2[] = "qAbx";

tl::unexpected<Error> Unknown(const std::string& why) {
  return Fail(ErrorKind::kBadInput, "trying the model's chat template: " + why,
              "supported are templates whose turns stand side by side, each "
              "with the same text around "
              "it");
}

class Prober {
 public:
  Prober(const JinjaTemplate& program, const TemplateTokens& tokens)
      : program_(program), tokens_(tokens) {}

  Result<ChatStyle> Run() {
    style_.format = ChatFormat::kTurns;
    RETURN_IF_ERROR(LearnTurns());
    RETURN_IF_ERROR(LearnTrimming());
    RETURN_IF_ERROR(LearnSystem());
    RETURN_IF_ERROR(Check());
    return std::move(style_);
  }

 private:
  Result<std::string> Render(const Messages& messages, GenerationPrompt prompt) const {
    JinjaValue::List list;
    for (const ChatMessage& message : messages) {
      list.push_back(JinjaValue::Of(JinjaValue::Map{{"role", JinjaValue::Of(message.role)},
                                                    {"content", JinjaValue::Of(message.content)}}));
    }
    return program_.Render(
        {{"messages", JinjaValue::Of(std::move(list))},
         {"add_generation_prompt", JinjaValue::Of(prompt == GenerationPrompt::kAdd)},
         {"bos_token", JinjaValue::Of(tokens_.bos)},
         {"eos_token", JinjaValue::Of(tokens_.eos)},
         {"tools", JinjaValue::None()},
         {"documents", JinjaValue::None()}});
  }

  // What stands before, between and after the marks; nullopt: not all are there in this order.
  static std::optional<std::vector<std::string>> Around(const std::string& text,
                                                        const std::vector<std::string>& marks) {
    std::vector<std::string> parts;
    size_t at = 0;
    for (const std::string& mark : marks) {
      const size_t found = text.find(mark, at);
      if (found == std::string::npos || text.find(mark, found + 1) != std::string::npos) {
        return std::nullopt;
      }
      parts.push_back(text.substr(at, found - at));
      at = found + mark.size();
    }
    parts.push_back(text.substr(at));
    return parts;
  }

  static bool Drop(std::string* text, const std::string& ending) {
    if (ending.empty() || !text->ends_with(ending)) return false;
    text->resize(text->size() - ending.size());
    return true;
  }

  Status LearnTurns() {
    ASSIGN_OR_RETURN(const std::string asked, Render({{"user", kUser1}}, GenerationPrompt::kAdd));
    ASSIGN_OR_RETURN(const std::string unasked,
                     Render({{"user", kUser1}}, GenerationPrompt::kNone));
    ASSIGN_OR_RETURN(
        const std::string whole,
        Render(
            {{"user", kUser1}, {"assistant", kAnswer1}, {"user", kUser2}, {"assistant", kAnswer2}},
            GenerationPrompt::kNone));
    const auto prompt = Around(asked, {kUser1}), alone = Around(unasked, {kUser1});
    const auto four = Around(whole, {kUser1, kAnswer1, kUser2, kAnswer2});
    if (!prompt || !alone || !four) return Unknown("it does not render every turn's words once");
    TurnTexts& turns = style_.turns;
    turns.first_user = (*four)[0];
    if ((*prompt)[0] != turns.first_user) return Unknown("its opening depends on what follows");
    const std::string &opening = (*prompt)[1], &before_answer = (*four)[1];
    if (before_answer != (*four)[3]) return Unknown("its answers open differently");
    turns.space = before_answer == opening + " ";
    if (!turns.space && before_answer != opening) {
      return Unknown("an answer opens otherwise than it is asked for");
    }
    // At the very end some write EOS, which is no part of a turn.
    std::string last = (*four)[4];
    if (!(*four)[2].starts_with(last)) Drop(&last, tokens_.eos);
    if (!(*four)[2].starts_with(last)) return Unknown("its last turn ends otherwise than others");
    turns.after_assistant = last;
    turns.user = (*four)[2].substr(last.size());
    std::string after_user = (*alone)[1];
    if (!opening.starts_with(after_user)) Drop(&after_user, tokens_.eos);
    if (!opening.starts_with(after_user)) after_user.clear();
    turns.after_user = after_user;
    turns.assistant = opening.substr(after_user.size());
    // Two of one role in a row: rendered as they are, or refused.
    const auto twice = Render({{"user", kUser1}, {"user", kUser2}}, GenerationPrompt::kAdd);
    turns.alternate = !twice || *twice != turns.first_user + kUser1 + turns.after_user +
                                              turns.user + kUser2 + turns.after_user +
                                              turns.assistant;
    return {};
  }

  Status LearnTrimming() {
    const std::string spaced = std::string(" ") + kUser1 + "\n";
    ASSIGN_OR_RETURN(const std::string asked, Render({{"user", spaced}}, GenerationPrompt::kAdd));
    const TurnTexts& turns = style_.turns;
    const std::string ending = turns.after_user + turns.assistant;
    style_.trim = asked == turns.first_user + kUser1 + ending;
    if (!style_.trim && asked != turns.first_user + spaced + ending) {
      return Unknown("it changes the words of a turn");
    }
    return {};
  }

  Status LearnSystem() {
    TurnTexts& turns = style_.turns;
    const auto asked = Render({{"system", kSystem}, {"user", kUser1}}, GenerationPrompt::kAdd);
    const auto parts = asked ? Around(*asked, {kSystem, kUser1}) : std::nullopt;
    if (parts && (*parts)[2] == turns.after_user + turns.assistant) {
      turns.system = (*parts)[0];
      turns.after_system = (*parts)[1];
      return {};
    }
    if (!asked && asked.error().kind != ErrorKind::kMisuse) {
      return tl::unexpected<Error>(asked.error());
    }
    turns.system = turns.first_user;
    turns.after_system = "\n\n";
    return {};
  }

  // Whether all of it holds for a longer conversation.
  Status Check() const {
    const Messages messages = {{"user", "How old?"},      {"assistant", "Seven."},
                               {"user", "And your cat?"}, {"assistant", "Two, I think."},
                               {"user", "Good night"},    {"assistant", "Bye"},
                               {"user", "One more"}};
    for (const GenerationPrompt prompt : {GenerationPrompt::kAdd, GenerationPrompt::kNone}) {
      Messages said = messages;
      if (prompt == GenerationPrompt::kNone) said.pop_back();
      ASSIGN_OR_RETURN(std::string expected, Render(said, prompt));
      ASSIGN_OR_RETURN(const auto parts, LayOut(style_, said, prompt));
      const std::string text = TextOfParts(parts, tokens_);
      if (text != expected) Drop(&expected, tokens_.eos);
      if (text != expected) return Unknown("its turns depend on each other");
    }
    return {};
  }

  const JinjaTemplate& program_;
  const TemplateTokens& tokens_;
  ChatStyle style_;
};

}  // namespace

Result<ChatStyle> ProbeChatTemplate(std::string_view jinja, const TemplateTokens& tokens) {
  ASSIGN_OR_RETURN(const JinjaTemplate program, JinjaTemplate::Parse(jinja));
  auto style = Prober(program, tokens).Run();
  if (!style && style.error().kind == ErrorKind::kMisuse) {
    return Unknown("it refuses a conversation of user and assistant: " + style.error().message);
  }
  return style;
}

}  // namespace idiolect
