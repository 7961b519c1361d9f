#include "engine/native/shared_base.h"

#include <unistd.h>

#include <algorithm>

#include "base/cores.h"

namespace idiolect::native {
namespace {

// Of the memory for conversations, idle ones may take one part in this many.
constexpr int64_t kIdleShare = 16;

int64_t QuarterOfMemory() {
  const int64_t bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return std::max<int64_t>(bytes / 4, int64_t{1} << 28);
}

size_t Shared(std::span<const int32_t> a, std::span<const int32_t> b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                             a.begin());
}

}  // namespace

BaseModel::BaseModel(int threads, int64_t cache_bytes, Tokenizer t)
    : pool(threads > 0 ? threads : CountCores()),
      compute{&ChooseKernels(), &pool},
      tokenizer(std::move(t)),
      budget_(cache_bytes > 0 ? cache_bytes : QuarterOfMemory()) {}

Result<std::unique_ptr<BaseModel>> BaseModel::Load(const std::filesystem::path& path,
                                                   const BaseOptions& options,
                                                   const LoraAdapter* adapter) {
  ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Open(path));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, file.ReadTokenizer());
  auto base =
      std::make_unique<BaseModel>(options.threads, options.cache_bytes, std::move(tokenizer));
  base->own_template = file.ReadChatTemplate(base->tokenizer);
  MatrixVisitor merge;
  if (adapter != nullptr) {
    ASSIGN_OR_RETURN(merge, MergeVisitor(base->compute, file.config(), *adapter));
  }
  ASSIGN_OR_RETURN(base->weights,
                   LoadWeights(base->compute, file, options.type, 0, merge, options.form));
  base->batcher = std::make_unique<Batcher>(base->compute, base->weights);
  return base;
}

// Under mutex_.
std::unique_ptr<Conversation> BaseModel::TakeIdle(
    std::list<std::unique_ptr<Conversation>>::iterator place) {
  std::unique_ptr<Conversation> taken = std::move(*place);
  idle_.erase(place);
  idle_bytes_ -= taken->sequence.cache.bytes();
  return taken;
}

// The idle conversation that shares most with the prompt; null where none shares anything.
std::unique_ptr<Conversation> BaseModel::TakeBest(const AdapterWeights* adapter,
                                                  std::span<const int32_t> prompt) {
  const std::lock_guard lock(mutex_);
  auto best = idle_.end();
  size_t most = 0;
  for (auto it = idle_.begin(); it != idle_.end(); ++it) {
    if ((*it)->sequence.adapter != adapter) continue;
    const size_t shared = Shared((*it)->seen, prompt);
    // Of two that share as much, the shorter: it need not be copied so soon.
    if (shared > most ||
        (shared > 0 && shared == most && (*it)->seen.size() < (*best)->seen.size())) {
      best = it;
      most = shared;
    }
  }
  return best == idle_.end() ? nullptr : TakeIdle(best);
}

// An empty conversation. Where the next to be returned would cost the oldest idle one its place,
// that one's memory is used again: fresh memory for each would leave holes of freed memory behind.
std::unique_ptr<Conversation> BaseModel::Begin(const AdapterWeights* adapter) {
  std::unique_ptr<Conversation> begun;
  {
    const std::lock_guard lock(mutex_);
    const int64_t limit = budget_.limit() / kIdleShare;
    const int64_t bytes = idle_.empty() ? 0 : idle_.front()->sequence.cache.bytes();
    // A very long one's memory would be wasted on a short one.
    if (idle_.size() > 1 && idle_bytes_ + bytes > limit && bytes <= limit / 8) {
      begun = TakeIdle(idle_.begin());
    }
  }
  if (begun == nullptr) {
    begun = std::make_unique<Conversation>(weights.config, weights.type, &budget_);
  }
  begun->sequence.cache.Truncate(0);
  begun->seen.clear();
  begun->sequence.adapter = adapter;
  return begun;
}

std::unique_ptr<Conversation> BaseModel::Borrow(const AdapterWeights* adapter,
                                                std::span<const int32_t> prompt) {
  std::unique_ptr<Conversation> best = TakeBest(adapter, prompt);
  const size_t shared = best == nullptr ? 0 : Shared(best->seen, prompt);
  if (best != nullptr && 2 * shared >= best->seen.size()) return best;
  std::unique_ptr<Conversation> fresh = Begin(adapter);
  if (best != nullptr) {
    const auto length = static_cast<int64_t>(shared);
    if (!Reserve(fresh.get(), length)) return best;  // no room for two
    if (fresh->sequence.cache.CopyStart(best->sequence.cache, length)) {
      fresh->seen.assign(best->seen.begin(), best->seen.begin() + length);
    }
  }
  Return(std::move(best));
  return fresh;
}

void BaseModel::Return(std::unique_ptr<Conversation> conversation) {
  if (conversation == nullptr || conversation->seen.empty()) return;
  std::list<std::unique_ptr<Conversation>> dropped;  // freed after the lock is released
  const std::lock_guard lock(mutex_);
  idle_bytes_ += conversation->sequence.cache.bytes();
  idle_.push_back(std::move(conversation));
  while (idle_.size() > 1 && idle_bytes_ > budget_.limit() / kIdleShare) {
    dropped.push_back(TakeIdle(idle_.begin()));
  }
}

Status BaseModel::Reserve(Conversation* conversation, int64_t length) {
  while (!conversation->sequence.cache.Reserve(length)) {
    std::unique_ptr<Conversation> oldest;
    {
      const std::lock_guard lock(mutex_);
      if (idle_.empty()) {
        return Fail(ErrorKind::kFailed,
                    "answering: the conversations under way fill the " +
                        std::to_string(budget_.limit() >> 20) + " MiB kept for them",
                    "try again when others have ended, or begin a shorter conversation");
      }
      oldest = TakeIdle(idle_.begin());
    }
  }
  return {};
}

void BaseModel::Drop(const AdapterWeights* adapter) {
  const std::lock_guard lock(mutex_);
  for (auto it = idle_.begin(); it != idle_.end();) {
    const auto one = it++;
    if ((*one)->sequence.adapter == adapter) TakeIdle(one);
  }
}

const JsonTokens& BaseModel::json_tokens() const {
  std::call_once(json_once_, [&] { json_tokens_ = std::make_unique<JsonTokens>(tokenizer); });
  return *json_tokens_;
}

}  // namespace idiolect::native
