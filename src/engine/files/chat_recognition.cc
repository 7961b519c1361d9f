// How ChatTemplate learns its style: from a model file's Jinja text, from a vocabulary, from JSON.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/files/chat_probe.h"
#include "engine/files/chat_template.h"

namespace idiolect {
namespace {

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Template texts write line breaks inside string literals as they are or as \n.
std::string Unescape(std::string_view literal) {
  std::string text;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] == '\\' && i + 1 < literal.size()) {
      ++i;
      text += literal[i] == 'n' ? '\n' : literal[i];
    } else {
      text += literal[i];
    }
  }
  return text;
}

// The words between a literal "<|im_start|>system\n" and "<|im_end|>": what is said when there is
// no system message. Templates that put a system message together from pieces have a quote in
// between.
std::optional<std::string> LiteralSystem(std::string_view jinja) {
  constexpr std::string_view kEnd = "<|im_end|>";
  for (const std::string_view begin : {"<|im_start|>system\n", "<|im_start|>system\\n"}) {
    for (size_t at = jinja.find(begin); at != std::string_view::npos;
         at = jinja.find(begin, at + 1)) {
      const std::string_view rest = jinja.substr(at + begin.size());
      const std::string_view words = rest.substr(0, std::min(rest.find(kEnd), rest.size()));
      if (words.size() < rest.size() && !words.empty() &&
          words.find_first_of("'\"{}") == std::string_view::npos) {
        return Unescape(words);
      }
    }
  }
  return std::nullopt;
}

tl::unexpected<Error> Unknown(const std::string& why) {
  return Fail(
      ErrorKind::kBadInput, "reading the model's chat template: " + why,
      "supported are the templates of ChatML (SmolLM2, Qwen2.5, Qwen3), Llama 3 and Gemma 3");
}

struct FormatName {
  ChatFormat format;
  std::string_view name;
};
constexpr FormatName kFormatNames[] = {{ChatFormat::kChatMl, "chatml"},
                                       {ChatFormat::kLlama3, "llama3"},
                                       {ChatFormat::kGemma, "gemma"},
                                       {ChatFormat::kPlain, "plain"},
                                       {ChatFormat::kTurns, "turns"}};

// The texts of TurnTexts by their names in JSON.
struct TurnTextName {
  std::string TurnTexts::*text;
  const char* name;
};
constexpr TurnTextName kTurnTexts[] = {
    {&TurnTexts::first_user, "first_user"},          {&TurnTexts::system, "system"},
    {&TurnTexts::after_system, "after_system"},      {&TurnTexts::user, "user"},
    {&TurnTexts::after_user, "after_user"},          {&TurnTexts::assistant, "assistant"},
    {&TurnTexts::after_assistant, "after_assistant"}};

}  // namespace

TemplateTokens ChatTemplate::TokensOf(const Tokenizer& tokenizer) {
  TemplateTokens tokens;
  if (tokenizer.bos()) tokens.bos = tokenizer.TokenBytes(*tokenizer.bos());
  if (tokenizer.eos()) tokens.eos = tokenizer.TokenBytes(*tokenizer.eos());
  return tokens;
}

Result<ChatTemplate> ChatTemplate::FromTemplateText(std::string_view jinja,
                                                    const TemplateTokens& tokens) {
  ChatStyle style;
  const bool chat_ml = Has(jinja, "<|im_start|>") && Has(jinja, "<|im_end|>");
  const bool llama3 = Has(jinja, "<|start_header_id|>") && Has(jinja, "<|eot_id|>");
  const bool gemma = Has(jinja, "<start_of_turn>") && Has(jinja, "<end_of_turn>");
  if (chat_ml + llama3 + gemma != 1) {
    ASSIGN_OR_RETURN(ChatStyle probed, ProbeChatTemplate(jinja, tokens));
    return ChatTemplate(std::move(probed));
  }
  style.print_bos = Has(jinja, "bos_token") || Has(jinja, "<|begin_of_text|>");
  if (chat_ml) {
    style.format = ChatFormat::kChatMl;
    style.default_system = LiteralSystem(jinja).value_or("");
    style.trim = Has(jinja, "content'] | trim") || Has(jinja, "content']|trim") ||
                 Has(jinja, "content | trim") || Has(jinja, "content|trim");
    // Qwen3.5 and others that think by default open the prompt in another way.
    style.empty_think = Has(jinja, "enable_thinking");
    if (style.empty_think && !Has(jinja, "'<think>\\n\\n</think>\\n\\n'")) {
      return Unknown("it thinks in a way that is not known");
    }
  } else if (llama3) {
    style.format = ChatFormat::kLlama3;
    if (Has(jinja, "Cutting Knowledge Date")) {
      if (!Has(jinja, "Cutting Knowledge Date: December 2023") || !Has(jinja, "26 Jul 2024")) {
        return Unknown("it says other dates than Llama 3.1 to 3.3 do");
      }
      // The template's own default, not today: an adapter must meet the words that it was trained
      // on.
      style.system_prefix = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";
    }
  } else {
    style.format = ChatFormat::kGemma;
  }
  return ChatTemplate(std::move(style));
}

Result<ChatTemplate> ChatTemplate::FromVocabulary(const Tokenizer& tokenizer) {
  if (!tokenizer.eos()) {
    return Unknown("there is none, and the tokenizer has no end-of-text token to build one from");
  }
  ChatStyle style;
  style.format = ChatFormat::kPlain;
  style.print_bos = tokenizer.add_bos() && tokenizer.bos();
  return ChatTemplate(style);
}

Result<ChatTemplate> ChatTemplate::FromGguf(const GgufFile& file, const Tokenizer& tokenizer) {
  const auto jinja = file.Text("tokenizer.chat_template");
  if (!jinja) return FromVocabulary(tokenizer);
  ASSIGN_OR_RETURN(auto chat_template, FromTemplateText(*jinja, TokensOf(tokenizer)));
  RETURN_IF_ERROR(chat_template.CheckMarkers(tokenizer));
  return chat_template;
}

std::string ChatTemplate::ToJson() const {
  nlohmann::ordered_json json;
  for (const FormatName& row : kFormatNames) {
    if (row.format == style_.format) json["format"] = row.name;
  }
  json["print_bos"] = style_.print_bos;
  json["trim"] = style_.trim;
  json["default_system"] = style_.default_system;
  json["system_prefix"] = style_.system_prefix;
  json["empty_think"] = style_.empty_think;
  if (style_.format == ChatFormat::kTurns) {
    for (const TurnTextName& row : kTurnTexts) json[row.name] = style_.turns.*row.text;
    json["space"] = style_.turns.space;
    json["alternate"] = style_.turns.alternate;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<ChatTemplate> ChatTemplate::FromJson(std::string_view text) {
  const auto bad = [](const std::string& what) {
    return Fail(ErrorKind::kBadInput, "reading a kept chat template: " + what);
  };
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("it is no JSON object");
  ChatStyle style;
  bool known = false;
  for (const auto& [key, value] : json.items()) {
    if (key == "format" && value.is_string()) {
      for (const FormatName& row : kFormatNames) {
        if (value.get_ref<const std::string&>() != row.name) continue;
        style.format = row.format;
        known = true;
      }
    } else if (key == "print_bos" && value.is_boolean()) {
      style.print_bos = value.get<bool>();
    } else if (key == "trim" && value.is_boolean()) {
      style.trim = value.get<bool>();
    } else if (key == "empty_think" && value.is_boolean()) {
      style.empty_think = value.get<bool>();
    } else if (key == "default_system" && value.is_string()) {
      style.default_system = value.get<std::string>();
    } else if (key == "system_prefix" && value.is_string()) {
      style.system_prefix = value.get<std::string>();
    } else if (key == "space" && value.is_boolean()) {
      style.turns.space = value.get<bool>();
    } else if (key == "alternate" && value.is_boolean()) {
      style.turns.alternate = value.get<bool>();
    } else if (const auto* row = std::find_if(
                   std::begin(kTurnTexts), std::end(kTurnTexts),
                   [&wanted = key](const TurnTextName& name) { return wanted == name.name; });
               row != std::end(kTurnTexts) && value.is_string()) {
      style.turns.*row->text = value.get<std::string>();
    } else {
      return bad("the field \"" + key + "\" is not known, or of another kind");
    }
  }
  if (!known) return bad("its format is not known");
  return ChatTemplate(std::move(style));
}

}  // namespace idiolect
