#include "engine/native/shared_base.h"

#include <unistd.h>

#include <algorithm>

namespace idiolect::native {
namespace {

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

std::unique_ptr<Conversation> BaseModel::Borrow(std::unique_ptr<Conversation> own,
                                                const AdapterWeights* adapter,
                                                std::span<const int32_t> prompt) {
  size_t most = own == nullptr ? 0 : Shared(own->seen, prompt);
  std::unique_ptr<Conversation> best;
  {
    const std::lock_guard lock(mutex_);
    auto found = idle_.end();
    for (auto it = idle_.begin(); it != idle_.end(); ++it) {
      if ((*it)->sequence.adapter != adapter) continue;
      const size_t shared = Shared((*it)->seen, prompt);
      // One that would lose most of what it holds is worth more to its own conversation.
      if (shared > most && 2 * shared >= (*it)->seen.size()) {
        found = it;
        most = shared;
      }
    }
    if (found != idle_.end()) {
      best = std::move(*found);
      idle_.erase(found);
    }
  }
  if (best == nullptr && most > 0) return own;
  Return(std::move(own));
  if (best == nullptr) {
    best = std::make_unique<Conversation>(weights.config, weights.type, &budget_);
    best->sequence.adapter = adapter;
  }
  return best;
}

void BaseModel::Return(std::unique_ptr<Conversation> conversation) {
  if (conversation == nullptr || conversation->seen.empty()) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(conversation));
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
      oldest = std::move(idle_.front());
      idle_.pop_front();
    }
  }
  return {};
}

void BaseModel::Drop(const AdapterWeights* adapter) {
  const std::lock_guard lock(mutex_);
  std::erase_if(idle_, [&](const auto& one) { return one->sequence.adapter == adapter; });
}

const JsonTokens& BaseModel::json_tokens() const {
  std::call_once(json_once_, [&] { json_tokens_ = std::make_unique<JsonTokens>(tokenizer); });
  return *json_tokens_;
}

}  // namespace idiolect::native
