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

  // The conversation under this adapter that shares most with `prompt`: `own` (may be null), an
  // idle one, or, where nothing is shared, a new one. `own`, when it is not the answer, becomes
  // idle.
  std::unique_ptr<Conversation> Borrow(std::unique_ptr<Conversation> own,
                                       const AdapterWeights* adapter,
                                       std::span<const int32_t> prompt);
  // Keeps it for others until memory is wanted.
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

 private:
  MemoryBudget budget_;
  std::mutex mutex_;
  std::list<std::unique_ptr<Conversation>> idle_;  // guarded by mutex_; the longest unused first
  mutable std::once_flag json_once_;
  mutable std::unique_ptr<JsonTokens> json_tokens_;
};

}  // namespace idiolect::native
