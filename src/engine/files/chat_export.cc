#include "engine/files/chat_export.h"

#include <string_view>

#include "engine/files/chat_parts.h"

namespace idiolect {
namespace {

// A string literal of Jinja.
std::string Literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "'";
}

// A text of Go's templates that is no action; what could open one is said by an action.
std::string GoText(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "{{") {
      out += "{{ \"{{\" }}";
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// What stands around one turn's words.
struct Frame {
  std::string before, after;
};
Frame FrameOf(ChatFormat format, std::string_view role) {
  const std::string r(role);
  switch (format) {
    case ChatFormat::kChatMl:
      return {"<|im_start|>" + r + "\n", "<|im_end|>\n"};
    case ChatFormat::kLlama3:
      return {"<|start_header_id|>" + r + "<|end_header_id|>\n\n", "<|eot_id|>"};
    case ChatFormat::kGemma:
      return {"<start_of_turn>" + std::string(r == "assistant" ? "model" : r) + "\n",
              "<end_of_turn>\n"};
    case ChatFormat::kPlain:
    case ChatFormat::kTurns:
      break;
  }
  return {r + "\n", ""};  // then EOS, which has another name in every file
}

std::string JinjaOfTurns(const ChatStyle& style) {
  const TurnTexts& turns = style.turns;
  const std::string trim = style.trim ? " | trim" : "";
  const std::string opening = turns.assistant + (turns.space ? " " : "");
  std::string out = "{%- if messages[0]['role'] == 'system' -%}\n";
  out += "  {%- set opening = " + Literal(turns.system) + " + (messages[0]['content']" + trim +
         ") + " + Literal(turns.after_system) + " -%}\n";
  out += "  {%- set turns = messages[1:] -%}\n{%- else -%}\n";
  out += "  {%- set opening = " + Literal(turns.first_user) + " -%}\n";
  out += "  {%- set turns = messages -%}\n{%- endif -%}\n";
  out += "{%- for message in turns -%}\n";
  out += "  {%- if loop.first -%}\n    {{- opening -}}\n";
  out += "  {%- elif message['role'] == 'user' -%}\n    {{- " + Literal(turns.user) +
         " -}}\n  {%- endif -%}\n";
  out += "  {%- if message['role'] == 'assistant' -%}\n    {{- " + Literal(opening) +
         " + (message['content']" + trim + ") + " + Literal(turns.after_assistant) + " -}}\n";
  out += "  {%- else -%}\n    {{- (message['content']" + trim + ") + " + Literal(turns.after_user) +
         " -}}\n  {%- endif -%}\n{%- endfor -%}\n";
  out += "{%- if add_generation_prompt -%}\n  {{- " + Literal(turns.assistant) +
         " -}}\n{%- endif -%}\n";
  return out;
}

// Go's template of the same, without BOS, which the runner puts in front.
std::string GoOfTurns(const TurnTexts& turns, const std::string& bos) {
  const auto text = [&](const std::string& of, bool opens) {
    return GoText(opens && of.starts_with(bos) ? std::string_view(of).substr(bos.size()) : of);
  };
  return "{{- $first := true }}{{- range .Messages }}{{- if eq .Role \"user\" "
         "}}{{ if $first }}"
         "{{ if $.System }}" +
         text(turns.system, true) + "{{ $.System }}" + text(turns.after_system, false) +
         "{{ else }}" + text(turns.first_user, true) + "{{ end }}{{ else }}" +
         text(turns.user, false) + "{{ end }}{{ $first = false }}" + "{{ .Content }}" +
         text(turns.after_user, false) + "{{ else if eq .Role \"assistant\" }}" +
         text(turns.assistant, false) + (turns.space ? " " : "") + "{{ .Content }}" +
         text(turns.after_assistant, false) + "{{ end }}{{ end }}" + text(turns.assistant, false);
}

constexpr std::string_view kEmptyThink = "<think>\n\n</think>\n\n";

}  // namespace

std::string JinjaOf(const ChatStyle& style) {
  if (style.format == ChatFormat::kTurns) return JinjaOfTurns(style);
  const std::string trim = style.trim ? " | trim" : "";
  const bool plain = style.format == ChatFormat::kPlain;
  const auto turn = [&](std::string_view role, const std::string& words) {
    const Frame frame = FrameOf(style.format, role);
    std::string text = "{{- " + Literal(frame.before) + " + " + words;
    text += plain ? " + eos_token + '\\n' -}}" : " + " + Literal(frame.after) + " -}}";
    return text;
  };
  std::string opening = FrameOf(style.format, "assistant").before;
  if (style.empty_think) opening += kEmptyThink;

  std::string out;
  if (style.print_bos) out += "{{- bos_token -}}\n";
  out += "{%- if messages[0]['role'] == 'system' -%}\n";
  out += "  {%- set system = messages[0]['content']" +
         std::string(style.format == ChatFormat::kGemma ? "" : trim) + " -%}\n";
  out += "  {%- set turns = messages[1:] -%}\n{%- else -%}\n";
  out += "  {%- set system = " + Literal(style.default_system) + " -%}\n";
  out += "  {%- set turns = messages -%}\n{%- endif -%}\n";
  if (style.format == ChatFormat::kGemma) {
    out += "{%- for message in turns -%}\n";
    out += "  {%- if message['role'] == 'assistant' -%}\n    ";
    out += turn("assistant", "(message['content']" + trim + ")");
    out += "\n  {%- else -%}\n    ";
    out += turn("user",
                "((system + '\\n\\n') if loop.first and (system or messages[0]['role'] == "
                "'system') else '') + (message['content']" +
                    trim + ")");
    out += "\n  {%- endif -%}\n{%- endfor -%}\n";
  } else {
    const std::string prefixed =
        style.system_prefix.empty() ? "system" : Literal(style.system_prefix) + " + system";
    if (style.system_prefix.empty()) {
      out += "{%- if system or messages[0]['role'] == 'system' -%}\n  " + turn("system", prefixed) +
             "\n{%- endif -%}\n";
    } else {
      out += turn("system", prefixed) + "\n";
    }
    out += "{%- for message in turns -%}\n";
    out +=
        "  {%- if message['role'] == 'assistant' -%}\n    {{- " + Literal(opening) + " -}}\n    ";
    // The opening was said; what is left of the turn is words and end.
    out += "{{- (message['content']" + trim + ") + ";
    out += plain ? std::string("eos_token + '\\n' -}}")
                 : Literal(FrameOf(style.format, "assistant").after) + " -}}";
    out += "\n  {%- else -%}\n    ";
    out += turn("user", "(message['content']" + trim + ")");
    out += "\n  {%- endif -%}\n{%- endfor -%}\n";
  }
  out += "{%- if add_generation_prompt -%}\n  {{- " + Literal(opening) + " -}}\n{%- endif -%}\n";
  return out;
}

std::string ModelfileOf(const ChatStyle& style, const std::string& gguf_name,
                        const std::string& system, const TemplateTokens& tokens) {
  const std::string& eos = tokens.eos;
  const std::string plain_end = style.format == ChatFormat::kPlain ? eos + "\n" : "";
  const auto turn = [&](std::string_view role, const std::string& words) {
    const Frame frame = FrameOf(style.format, role);
    return GoText(frame.before) + words + GoText(frame.after + plain_end);
  };
  const std::string content = "{{ .Content }}";
  std::string opening = FrameOf(style.format, "assistant").before;
  if (style.empty_think) opening += kEmptyThink;
  std::string text;
  if (style.format == ChatFormat::kTurns) {
    text = GoOfTurns(style.turns, tokens.bos);
  } else if (style.format == ChatFormat::kGemma) {
    // There is no system role: its words open the first turn.
    text = "{{- $said := false }}{{- range .Messages }}{{- if eq .Role \"user\" }}";
    text += turn("user",
                 "{{ if and $.System (not $said) }}{{ $.System }}\n\n{{ end }}"
                 "{{ $said = true }}" +
                     content);
    text += "{{ else if eq .Role \"assistant\" }}" + turn("assistant", content);
    text += "{{ end }}{{ end }}";
  } else {
    text = "{{- range .Messages }}{{- if eq .Role \"system\" }}";
    text += turn("system", GoText(style.system_prefix) + content);
    text += "{{ else if eq .Role \"user\" }}" + turn("user", content);
    text += "{{ else if eq .Role \"assistant\" }}" + GoText(opening) + content +
            GoText(FrameOf(style.format, "assistant").after + plain_end);
    text += "{{ end }}{{ end }}";
  }
  if (style.format != ChatFormat::kTurns) text += GoText(opening);

  const std::string& said = system.empty() ? style.default_system : system;
  std::string out = "FROM ./" + gguf_name + "\n";
  out += "TEMPLATE \"\"\"" + text + "\"\"\"\n";
  if (!said.empty() && said.find("\"\"\"") == std::string::npos) {
    out += "SYSTEM \"\"\"" + said + "\"\"\"\n";
  }
  for (const std::string& marker : MarkersOf(style)) {
    const bool ends = marker == "<|im_end|>" || marker == "<|eot_id|>" || marker == "<end_of_turn>";
    if (ends) out += "PARAMETER stop \"" + marker + "\"\n";
  }
  const bool by_eos = style.format == ChatFormat::kPlain ||
                      style.turns.after_assistant.find(eos) != std::string::npos;
  if (by_eos && !eos.empty()) out += "PARAMETER stop \"" + eos + "\"\n";
  return out;
}

}  // namespace idiolect
