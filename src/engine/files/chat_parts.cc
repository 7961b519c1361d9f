#include "engine/files/chat_parts.h"

#include "base/text.h"
#include "engine/files/quoted.h"

namespace idiolect {
namespace {

using Kind = ChatPart::Kind;

tl::unexpected<Error> Bad(const std::string& what, std::string hint = {}) {
  return Fail(ErrorKind::kBadInput, "rendering a conversation: " + what, std::move(hint));
}

Status CheckRoles(const ChatStyle& style, const std::vector<ChatMessage>& messages) {
  if (messages.empty()) return Bad("it has no messages");
  std::string expected = "user";
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string& role = messages[i].role;
    if (role == "system") {
      if (i > 0) return Bad("message " + std::to_string(i + 1) + " is a system message");
      continue;
    }
    if (role != "user" && role != "assistant") {
      return Bad("message " + std::to_string(i + 1) + " has the role " + Quoted(role),
                 "roles are system, user and assistant");
    }
    const bool gemma = style.format == ChatFormat::kGemma;
    if (!gemma && !(style.format == ChatFormat::kTurns && style.turns.alternate)) continue;
    if (role != expected) {
      return Bad("message " + std::to_string(i + 1) + " is of the " + role + " where the " +
                     expected + " is due: " + (gemma ? "Gemma's" : "this template's") +
                     " turns alternate, beginning with the user",
                 "join consecutive messages of one role");
    }
    expected = role == "user" ? "assistant" : "user";
  }
  return {};
}

class Layout {
 public:
  Layout(const ChatStyle& style, const std::vector<ChatMessage>& messages)
      : style_(style), messages_(messages) {}

  std::vector<ChatPart> Run(GenerationPrompt prompt) {
    if (style_.format == ChatFormat::kTurns) return RunTurns(prompt);
    if (style_.print_bos) Add(Kind::kBos);
    const bool has_system = messages_[0].role == "system";
    std::string system = has_system ? Content(messages_[0].content) : style_.default_system;
    if (!has_system && system.empty() && style_.system_prefix.empty()) {
      // nothing to say
    } else if (style_.format == ChatFormat::kGemma) {
      // There is no system role: its words, as they are, open the first turn.
      opening_ = (has_system ? messages_[0].content : system) + "\n\n";
    } else {
      Turn("system", style_.system_prefix + system);
    }
    for (message_ = has_system ? 1 : 0; message_ < messages_.size(); ++message_) {
      const ChatMessage& message = messages_[message_];
      if (message.role == "assistant") {
        OpenAssistant();
        Add(Kind::kText, Content(message.content), message.learned);
        Close(message.learned);
      } else {
        Turn(message.role, opening_ + Content(message.content));
        opening_.clear();
      }
    }
    message_ = messages_.size();
    if (prompt == GenerationPrompt::kAdd) OpenAssistant();
    return std::move(parts_);
  }

 private:
  std::vector<ChatPart> RunTurns(GenerationPrompt prompt) {
    const TurnTexts& turns = style_.turns;
    const bool has_system = messages_[0].role == "system";
    bool first = true;
    for (message_ = has_system ? 1 : 0; message_ < messages_.size(); ++message_) {
      const ChatMessage& message = messages_[message_];
      if (first && has_system) {
        Add(Kind::kTemplate, turns.system);
        Add(Kind::kJoined, Content(messages_[0].content));
        Add(Kind::kTemplate, turns.after_system);
      } else if (first || message.role == "user") {
        Add(Kind::kTemplate, first ? turns.first_user : turns.user);
      }
      if (message.role == "user") {
        Add(Kind::kJoined, Content(message.content));
        Add(Kind::kTemplate, turns.after_user);
      } else {
        Add(Kind::kTemplate, turns.assistant);
        Add(Kind::kText, Content(message.content), message.learned);
        if (!parts_.empty() && parts_.back().kind == Kind::kText) parts_.back().space = turns.space;
        Add(Kind::kTemplate, turns.after_assistant, message.learned);
      }
      first = false;
    }
    message_ = messages_.size();
    if (prompt == GenerationPrompt::kAdd) Add(Kind::kTemplate, turns.assistant);
    return std::move(parts_);
  }

  void Add(Kind kind, std::string text = {}, bool target = false) {
    const bool says = kind == Kind::kText || kind == Kind::kTemplate || kind == Kind::kJoined;
    if (says && text.empty()) return;
    ChatPart part;
    part.kind = kind;
    part.text = std::move(text);
    part.target = target;
    part.message = message_;
    parts_.push_back(std::move(part));
  }

  std::string Content(const std::string& content) const {
    return style_.trim ? std::string(TrimSpace(content)) : content;
  }

  // The header and what follows it are one stretch of text, tokenized together, as when the whole
  // rendering is. `text` is empty for the assistant, whose words are tokenized by themselves, in
  // training as after a prompt.
  void Open(const std::string& role, const std::string& text) {
    switch (style_.format) {
      case ChatFormat::kChatMl:
        Add(Kind::kMarker, "<|im_start|>");
        Add(Kind::kText, role + "\n" + text);
        break;
      case ChatFormat::kLlama3:
        Add(Kind::kMarker, "<|start_header_id|>");
        Add(Kind::kText, role);
        Add(Kind::kMarker, "<|end_header_id|>");
        Add(Kind::kText, "\n\n" + text);
        break;
      case ChatFormat::kGemma:
        Add(Kind::kMarker, "<start_of_turn>");
        Add(Kind::kText, (role == "assistant" ? "model" : role) + "\n" + text);
        break;
      case ChatFormat::kPlain:
        Add(Kind::kText, role + "\n" + text);
        break;
      case ChatFormat::kTurns:
        break;  // RunTurns
    }
  }

  void Close(bool target) {
    switch (style_.format) {
      case ChatFormat::kChatMl:
        Add(Kind::kMarker, "<|im_end|>", target);
        Add(Kind::kText, "\n");
        break;
      case ChatFormat::kLlama3:
        Add(Kind::kMarker, "<|eot_id|>", target);
        break;
      case ChatFormat::kGemma:
        Add(Kind::kMarker, "<end_of_turn>", target);
        Add(Kind::kText, "\n");
        break;
      case ChatFormat::kPlain:
        Add(Kind::kEos, {}, target);
        Add(Kind::kText, "\n");
        break;
      case ChatFormat::kTurns:
        break;  // RunTurns
    }
  }

  void Turn(const std::string& role, const std::string& text) {
    Open(role, text);
    Close(false);
  }

  void OpenAssistant() {
    Open("assistant", "");
    if (!style_.empty_think) return;
    Add(Kind::kMarker, "<think>");
    Add(Kind::kText, "\n\n");
    Add(Kind::kMarker, "</think>");
    Add(Kind::kText, "\n\n");
  }

  const ChatStyle& style_;
  const std::vector<ChatMessage>& messages_;
  std::vector<ChatPart> parts_;
  std::string opening_;
  size_t message_ = 0;
};

}  // namespace

Result<std::vector<ChatPart>> LayOut(const ChatStyle& style,
                                     const std::vector<ChatMessage>& messages,
                                     GenerationPrompt prompt) {
  RETURN_IF_ERROR(CheckRoles(style, messages));
  return Layout(style, messages).Run(prompt);
}

std::string TextOfParts(const std::vector<ChatPart>& parts, const TemplateTokens& tokens) {
  std::string text;
  for (const ChatPart& part : parts) {
    if (part.space) text += ' ';
    if (part.kind == Kind::kBos) {
      text += tokens.bos;
    } else if (part.kind == Kind::kEos) {
      text += tokens.eos;
    } else {
      text += part.text;
    }
  }
  return text;
}

std::vector<std::string> MarkersOf(const ChatStyle& style) {
  std::vector<std::string> markers;
  switch (style.format) {
    case ChatFormat::kChatMl:
      markers = {"<|im_start|>", "<|im_end|>"};
      break;
    case ChatFormat::kLlama3:
      markers = {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"};
      break;
    case ChatFormat::kGemma:
      markers = {"<start_of_turn>", "<end_of_turn>"};
      break;
    case ChatFormat::kPlain:
    case ChatFormat::kTurns:
      break;
  }
  if (style.empty_think) markers.insert(markers.end(), {"<think>", "</think>"});
  return markers;
}

}  // namespace idiolect
