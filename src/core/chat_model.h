#pragma once
// What talks: a local model, a hosted one, or a fake in tests. `evaluate`, `serve` and `chat` know
// only this.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
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

struct GenerateOptions {
  int max_tokens = 256;
  double temperature = 0.8;          // 0: greedy
  double top_p = 0.95;               // 1: off
  double min_p = 0.05;               // 0: off
  double repetition_penalty = 1.05;  // 1: off
  int repetition_window = 256;       // last tokens looked at, the prompt's end included
  uint64_t seed = 0;
  std::vector<std::string> stop;  // ends before the first of these; they are not in the text
};

enum class FinishReason { kStop, kLength, kInterrupted };

struct Generation {
  std::string text;
  FinishReason finish = FinishReason::kStop;
  int prompt_tokens = 0;
  int completion_tokens = 0;
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

// Constant after it is made: sessions may run in several threads at once.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  virtual std::string Name() const = 0;
  virtual Result<std::unique_ptr<ChatSession>> NewSession() const = 0;
};

}  // namespace idiolect
