#include "engine/files/chat_template.h"

#include <utility>

#include "engine/files/chat_parts.h"

namespace idiolect {

ChatTemplate::ChatTemplate(ChatStyle style) : style_(std::move(style)) {
  if (style_.format == ChatFormat::kLlama3 || style_.format == ChatFormat::kGemma) {
    style_.trim = true;
  }
}

Status ChatTemplate::CheckMarkers(const Tokenizer& tokenizer) const {
  const auto missing = [](const std::string& what) {
    return Fail(ErrorKind::kBadInput,
                "preparing the chat template: the tokenizer has no control token " + what,
                "the model file's template and tokenizer do not belong together");
  };
  for (const std::string& marker : MarkersOf(style_)) {
    const auto id = tokenizer.FindToken(marker);
    if (!id || !tokenizer.IsControl(*id)) return missing(marker);
  }
  if (style_.print_bos && !tokenizer.bos()) return missing("for BOS");
  if (style_.format == ChatFormat::kPlain && !tokenizer.eos()) return missing("for EOS");
  return {};
}

Result<RenderedChat> ChatTemplate::RenderForTraining(
    const Tokenizer& tokenizer, const std::vector<ChatMessage>& messages) const {
  return Render(tokenizer, messages, GenerationPrompt::kNone);
}

Result<std::vector<int32_t>> ChatTemplate::RenderPrompt(
    const Tokenizer& tokenizer, const std::vector<ChatMessage>& messages) const {
  ASSIGN_OR_RETURN(RenderedChat chat, Render(tokenizer, messages, GenerationPrompt::kAdd));
  return std::move(chat.tokens);
}

Result<RenderedChat> ChatTemplate::Render(const Tokenizer& tokenizer,
                                          const std::vector<ChatMessage>& messages,
                                          GenerationPrompt prompt) const {
  RETURN_IF_ERROR(CheckMarkers(tokenizer));
  ASSIGN_OR_RETURN(const auto parts, LayOut(style_, messages, prompt));
  RenderedChat chat;
  chat.message_ends.assign(messages.size(), 0);
  for (const ChatPart& part : parts) {
    switch (part.kind) {
      case ChatPart::Kind::kText:
        tokenizer.EncodeTo(part.text, Specials::kAsText, &chat.tokens);
        break;
      case ChatPart::Kind::kMarker:
        chat.tokens.push_back(*tokenizer.FindToken(part.text));
        break;
      case ChatPart::Kind::kBos:
        chat.tokens.push_back(*tokenizer.bos());
        break;
      case ChatPart::Kind::kEos:
        chat.tokens.push_back(*tokenizer.eos());
        break;
    }
    chat.is_target.resize(chat.tokens.size(), part.target ? 1 : 0);
    if (part.message < messages.size()) {
      chat.message_ends[part.message] = static_cast<int64_t>(chat.tokens.size());
    }
  }
  return chat;
}

Result<std::string> ChatTemplate::RenderText(const Tokenizer& tokenizer,
                                             const std::vector<ChatMessage>& messages,
                                             GenerationPrompt prompt) const {
  RETURN_IF_ERROR(CheckMarkers(tokenizer));
  ASSIGN_OR_RETURN(const auto parts, LayOut(style_, messages, prompt));
  std::string text;
  for (const ChatPart& part : parts) {
    switch (part.kind) {
      case ChatPart::Kind::kText:
      case ChatPart::Kind::kMarker:
        text += part.text;
        break;
      case ChatPart::Kind::kBos:
        text += tokenizer.TokenBytes(*tokenizer.bos());
        break;
      case ChatPart::Kind::kEos:
        text += tokenizer.TokenBytes(*tokenizer.eos());
        break;
    }
  }
  return text;
}

}  // namespace idiolect
