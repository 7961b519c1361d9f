#pragma once
// What talks: a local model, a hosted one, or a fake in tests. `evaluate`, `serve` and `chat` know
// only this.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"

namespace idiolect {

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
  // Training only: false where an assistant turn is context and not a target (OpenAI's weight 0).
  bool learned = true;
};

enum class PromptForm {
  kChat,  // the messages through the model's chat template
  kRaw,   // the one message's content as it stands, to be continued
};
enum class AnswerForm {
  kText,
  kJson,  // one JSON object: tokens that could not continue one are never chosen
};

// Natural logarithms of what the model gave the tokens, before temperature and cuts.
struct TokenLogprob {
  std::string bytes;  // may be a part of a code point
  double logprob = 0;
  std::vector<std::pair<std::string, double>> top;  // likeliest first
};

struct GenerateOptions {
  int max_tokens = 256;
  double temperature = 0.8;          // 0: greedy
  double top_p = 0.95;               // 1: off
  double min_p = 0.05;               // 0: off
  int top_k = 0;                     // 0: off
  double typical_p = 1;              // 1: off; Meister et al. 2022
  double repetition_penalty = 1.05;  // 1: off
  int repetition_window = 256;       // last tokens looked at, the prompt's end included
  uint64_t seed = 0;
  double presence_penalty = 0;   // off the logit of every token of the answer so far (OpenAI's)
  double frequency_penalty = 0;  // the same, times how often it stands there
  std::vector<std::pair<int32_t, float>> logit_bias;  // token id, added to its logit
  std::vector<std::string> stop;  // ends before the first of these; they are not in the text
  // Alternatives given with each token's log probability; negative: no log probabilities at all.
  int top_logprobs = -1;
  // Called with each token's, before its text reaches the TextSink; may be empty.
  std::function<void(const TokenLogprob&)> on_logprob;
  PromptForm prompt = PromptForm::kChat;
  AnswerForm form = AnswerForm::kText;
};

enum class FinishReason { kStop, kLength, kInterrupted };

struct Generation {
  std::string text;
  FinishReason finish = FinishReason::kStop;
  int prompt_tokens = 0;
  int completion_tokens = 0;
  int cached_tokens = 0;               // of the prompt, not computed again
  std::vector<TokenLogprob> logprobs;  // of each token of the answer, when asked for
};

// Gets text as it is made: whole code points, in order. Returning false ends the generation.
using TextSink = std::function<bool(std::string_view piece)>;

// A conversation's working memory (for a local model: the KV cache), so that a next turn costs only
// its own tokens. Thread-compatible; the model must outlive it.
class ChatSession {
 public:
  virtual ~ChatSession() = default;
  // `messages` is the whole conversation so far; what it shares with the last call is reused.
  virtual Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                                      const GenerateOptions& options, const TextSink& sink,
                                      const Interrupt& interrupt) = 0;
};

enum class TextBegin {
  kAsWritten,
  kAsModelWants,  // with the token that the model's texts begin with, if they do
};
enum class ControlText {
  kParsed,  // the name of a control token, such as "<|im_end|>", is that token
  kAsText,
};
struct TokenizeOptions {
  TextBegin begin = TextBegin::kAsWritten;
  ControlText controls = ControlText::kParsed;
};
struct TokenPiece {
  int32_t id = 0;
  std::string bytes;  // may be a part of a code point
};

// Constant after it is made: sessions may run in several threads at once; those of models of one
// SharedBase are then computed together (continuous batching).
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  virtual std::string Name() const = 0;
  virtual Result<std::unique_ptr<ChatSession>> NewSession() const = 0;
  // A text as the model's tokens, and tokens as the text they stand for. kMisuse for a model that
  // does not tell its tokens: a hosted one.
  virtual Result<std::vector<TokenPiece>> Tokenize(std::string_view text,
                                                   const TokenizeOptions& options) const;
  virtual Result<std::string> Detokenize(std::span<const int32_t> ids) const;
};

inline Result<std::vector<TokenPiece>> ChatModel::Tokenize(std::string_view,
                                                           const TokenizeOptions&) const {
  return Fail(ErrorKind::kMisuse, "the model " + Name() + " does not tell its tokens");
}
inline Result<std::string> ChatModel::Detokenize(std::span<const int32_t>) const {
  return Fail(ErrorKind::kMisuse, "the model " + Name() + " does not tell its tokens");
}

}  // namespace idiolect
