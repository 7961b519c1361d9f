#pragma once
// A base model in memory with all that its models share: weights, tokenizer, the steps that
// sequences are computed in, and what ended conversations leave in the cache for the next ones.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/files/chat_template.h"
#include "engine/files/tokenizer.h"
#include "engine/native/batcher.h"
#include "engine/native/json_grammar.h"

namespace idiolect::native {

struct BaseOptions {
  int threads = 0;           // 0: all cores
  Dtype type = Dtype::kF32;  // of the computation
  WeightForm form = WeightForm::kUnpacked;
  int64_t cache_bytes = 0;  // all conversations together; 0: a quarter of the machine's memory
};

// What a conversation holds: its tokens so far and their cache.
struct Conversation {
  Conversation(const ModelConfig& config, Dtype type, MemoryBudget* budget)
      : sequence(config, type, budget) {}
  Sequence sequence;
  std::vector<int32_t> seen;
};

// Thread-safe once loaded.
class BaseModel {
 public:
  // `adapter`, when given, is merged into the weights, which must be unpacked for it.
  static Result<std::unique_ptr<BaseModel>> Load(const std::filesystem::path& file,
                                                 const BaseOptions& options,
                                                 const LoraAdapter* adapter);
  // From parts, for tests.
  BaseModel(int threads, int64_t cache_bytes, Tokenizer tokenizer);

  // A conversation under this adapter that begins as `prompt` does, as far as an idle one knows
  // it: that one itself, where `prompt` goes on from it; a copy of the shared start, where it would
  // lose most of what it holds; a new one where nothing is shared.
  std::unique_ptr<Conversation> Borrow(const AdapterWeights* adapter,
                                       std::span<const int32_t> prompt);
  // Keeps it for others, as long as there is room: idle ones together take a sixteenth of the
  // memory of all (one is kept whatever it takes), and less when others want it.
  void Return(std::unique_ptr<Conversation> conversation);
  // Room for `length` positions; idle conversations go first. Fails with kFailed where there is
  // none.
  Status Reserve(Conversation* conversation, int64_t length);
  // Forgets what this adapter left: it goes away.
  void Drop(const AdapterWeights* adapter);

  const JsonTokens& json_tokens() const;

  ThreadPool pool;
  Compute compute;
  Tokenizer tokenizer;
  Weights weights;
  std::unique_ptr<Batcher> batcher;                  // set when the weights are there
  std::optional<Result<ChatTemplate>> own_template;  // the file's

  int64_t memory_used() const { return budget_.used(); }

 private:
  std::unique_ptr<Conversation> TakeIdle(std::list<std::unique_ptr<Conversation>>::iterator place);
  std::unique_ptr<Conversation> Begin(const AdapterWeights* adapter);
  std::unique_ptr<Conversation> TakeBest(const AdapterWeights* adapter,
                                         std::span<const int32_t> prompt);

  MemoryBudget budget_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::list<std::unique_ptr<Conversation>> idle_;  // the longest unused first
  int64_t idle_bytes_ = 0;
  mutable std::once_flag json_once_;
  mutable std::unique_ptr<JsonTokens> json_tokens_;
};

}  // namespace idiolect::native
