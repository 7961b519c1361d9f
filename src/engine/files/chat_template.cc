#include "engine/files/chat_template.h"

#include <algorithm>
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
  std::string run;  // of template and people's words together, up to the next
                    // control token
  std::vector<size_t> in_run;
  const auto end_message = [&](size_t message) {
    if (message < messages.size()) {
      chat.message_ends[message] = static_cast<int64_t>(chat.tokens.size());
    }
  };
  const auto flush = [&](bool target) {
    if (!run.empty()) tokenizer.EncodeTo(run, Specials::kAsText, &chat.tokens);
    run.clear();
    chat.is_target.resize(chat.tokens.size(), target ? 1 : 0);
    for (const size_t message : in_run) end_message(message);
    in_run.clear();
  };
  const auto say = [&](std::string_view text) {
    const bool strips =
        run.empty() && !chat.tokens.empty() && tokenizer.StripsRight(chat.tokens.back());
    if (strips) text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    run += text;
  };
  for (const ChatPart& part : parts) {
    const bool after_template =
        &part != parts.data() && (&part - 1)->kind == ChatPart::Kind::kTemplate;
    if (part.kind == ChatPart::Kind::kTemplate) {
      if (after_template) flush(false);  // a turn ends here
      bool target = part.target;
      for (size_t at = 0; at < part.text.size();) {
        const auto match = tokenizer.FindSpecial(part.text, at);
        const size_t end = match ? match->begin : part.text.size();
        if (target) flush(false);
        say(std::string_view(part.text).substr(at, end - at));
        if (!match) break;
        flush(target);
        chat.tokens.push_back(match->id);
        chat.is_target.resize(chat.tokens.size(), target ? 1 : 0);
        target = target && !tokenizer.IsControl(match->id);
        at = end + match->length;
      }
      in_run.push_back(part.message);
      if (part.target) flush(target);
      continue;
    }
    if (part.kind == ChatPart::Kind::kJoined) {
      say(part.text);
      in_run.push_back(part.message);
      continue;
    }
    flush(false);
    switch (part.kind) {
      case ChatPart::Kind::kText: {
        const bool prefixed = tokenizer.add_space_prefix() && !chat.tokens.empty() &&
                              tokenizer.IsControl(chat.tokens.back());
        tokenizer.EncodeTo(part.space && !prefixed ? " " + part.text : part.text, Specials::kAsText,
                           &chat.tokens);
        break;
      }
      case ChatPart::Kind::kMarker:
        chat.tokens.push_back(*tokenizer.FindToken(part.text));
        break;
      case ChatPart::Kind::kBos:
        chat.tokens.push_back(*tokenizer.bos());
        break;
      case ChatPart::Kind::kEos:
        chat.tokens.push_back(*tokenizer.eos());
        break;
      case ChatPart::Kind::kTemplate:
      case ChatPart::Kind::kJoined:
        break;
    }
    chat.is_target.resize(chat.tokens.size(), part.target ? 1 : 0);
    end_message(part.message);
  }
  flush(false);
  return chat;
}

Result<std::string> ChatTemplate::RenderText(const Tokenizer& tokenizer,
                                             const std::vector<ChatMessage>& messages,
                                             GenerationPrompt prompt) const {
  RETURN_IF_ERROR(CheckMarkers(tokenizer));
  ASSIGN_OR_RETURN(const auto parts, LayOut(style_, messages, prompt));
  return TextOfParts(parts, TokensOf(tokenizer));
}

}  // namespace idiolect
