#pragma once
// How a conversation becomes the tokens that a model was (or will be) trained on. The template in a
// model file is a Jinja program; here its family is recognised and rendered straight into tokens,
// so that words of people are always encoded as text and can never become control tokens, and so
// that a prompt plus the answer is, token for token, what training saw. A template of no known
// family is tried with a few conversations (chat_probe.h); one whose turns do not stand side by
// side is an error, not a guess.
//
// A base model without a template gets the plain form: role, newline, content, end-of-text token,
// newline. Its vocabulary may hold the markers of its family's chat models, but it never met them:
// Gemma 3 270M's <end_of_turn> points where its 6,242 unused tokens point (cosine 0.99), and
// an adapter beside frozen embeddings cannot learn to end an answer with it. The end of text is
// known to every model. What was used is kept with an adapter as ToJson() says it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/chat_model.h"
#include "engine/files/gguf.h"
#include "engine/files/tokenizer.h"

namespace idiolect {

enum class ChatFormat {
  kChatMl,
  kLlama3,
  kGemma,
  kPlain,
  kTurns,  // any template whose turns stand side by side: what is around them
           // was learned from it
};

// Of a template's own text, all of ChatFormat::kTurns: control tokens in it are meant as such.
struct TurnTexts {
  std::string first_user;    // before the first user's words, with all that opens
                             // a conversation
  std::string system;        // the same up to the system message, where there is one
  std::string after_system;  // between it and the first user's words
  std::string user;          // before a later user's words
  std::string after_user;
  std::string assistant;  // what asks for an answer
  bool space = false;     // an answer begins with a space
  std::string after_assistant;
  bool alternate = false;  // user and assistant must take turns
};

// Texts of tokens that templates speak of by name.
struct TemplateTokens {
  std::string bos = "<s>", eos = "</s>";
};

// Everything that differs between templates of one family.
struct ChatStyle {
  ChatFormat format = ChatFormat::kChatMl;
  bool print_bos = false;  // the conversation starts with BOS
  bool trim = false;       // contents lose the white space around them (Llama 3 and Gemma: always)
  std::string default_system;  // said when the conversation has no system message; empty: nothing
  // Stands before every system message (Llama 3.1's dates); then there always is one.
  std::string system_prefix;
  // Qwen 3: every assistant turn opens with an empty think block, in training as in prompts, so
  // that both agree (the model's own template leaves it out of earlier turns).
  bool empty_think = false;
  TurnTexts turns;
};

struct RenderedChat {
  std::vector<int32_t> tokens;
  // Per token: 1 where it is to be learned, that is the content and the end token of assistant
  // turns whose `learned` is true.
  std::vector<uint8_t> is_target;
  // Per message, how many tokens there are up to and with it: where a long sample can be cut.
  std::vector<int64_t> message_ends;
};

enum class GenerationPrompt { kNone, kAdd };

// A value; thread-compatible.
class ChatTemplate {
 public:
  explicit ChatTemplate(ChatStyle style);

  // From `tokenizer.chat_template`, or for a file without one from the vocabulary. Fails with
  // kBadInput when the template is unknown, or the tokenizer lacks its markers.
  static Result<ChatTemplate> FromGguf(const GgufFile& file, const Tokenizer& tokenizer);
  // Templates of other families are tried (chat_probe.h), for which `tokens` are needed.
  static Result<ChatTemplate> FromTemplateText(std::string_view jinja,
                                               const TemplateTokens& tokens = {});
  static TemplateTokens TokensOf(const Tokenizer& tokenizer);
  static Result<ChatTemplate> FromVocabulary(const Tokenizer& tokenizer);
  // kBadInput when the tokenizer lacks a marker of the form.
  Status CheckMarkers(const Tokenizer& tokenizer) const;
  // One line: {"format":"chatml","print_bos":false,…}.
  std::string ToJson() const;
  static Result<ChatTemplate> FromJson(std::string_view text);

  // Fails with kBadInput for an unknown role, a system message that is not the first, and where the
  // family insists on it (Gemma), for turns that do not alternate beginning with the user.
  Result<RenderedChat> RenderForTraining(const Tokenizer& tokenizer,
                                         const std::vector<ChatMessage>& messages) const;
  // With the opening of the assistant's turn at the end: what generation starts from.
  Result<std::vector<int32_t>> RenderPrompt(const Tokenizer& tokenizer,
                                            const std::vector<ChatMessage>& messages) const;
  // The same as text; for people and for comparing with the original.
  Result<std::string> RenderText(const Tokenizer& tokenizer,
                                 const std::vector<ChatMessage>& messages,
                                 GenerationPrompt prompt) const;

  const ChatStyle& style() const { return style_; }

 private:
  Result<RenderedChat> Render(const Tokenizer& tokenizer, const std::vector<ChatMessage>& messages,
                              GenerationPrompt prompt) const;

  ChatStyle style_;
};

}  // namespace idiolect
