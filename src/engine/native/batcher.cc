#include "engine/native/batcher.h"

#include <algorithm>
#include <chrono>

namespace idiolect::native {
namespace {

// Tokens of prompts in a step that others wait for, those who write and those who only read.
constexpr size_t kPromptTokens = 128;
constexpr size_t kPromptTokensAlone = KvCache::kMostAtOnce;
// Most prompts are short and are done in one piece, one after the other, so that the first can
// write while the last still wait; long ones take turns.
constexpr size_t kLeastPiece = 64;
constexpr size_t kMostSequences = 256;
// How long a step waits for those who had a token in the last one and are choosing their next.
constexpr std::chrono::microseconds kGather(1500);
// How often who waits looks at its interrupt.
constexpr std::chrono::milliseconds kLook(20);

}  // namespace

Status Batcher::Run(Sequence* sequence, std::span<const int32_t> tokens, float* logits,
                    const Interrupt& interrupt) {
  Request request{sequence, tokens, logits, 0, false, false, {}};
  std::unique_lock lock(mutex_);
  std::erase(expected_, sequence);
  waiting_.push_back(&request);
  changed_.notify_all();
  while (!request.finished) {
    if (interrupt.Requested() && !request.running) {
      std::erase(waiting_, &request);
      changed_.notify_all();
      return Fail(ErrorKind::kInterrupted, "answering: interrupted");
    }
    if (leading_) {
      changed_.wait_for(lock, kLook);
    } else {
      Lead(&lock);
    }
  }
  return request.status;
}

void Batcher::Leave(Sequence* sequence) {
  const std::lock_guard lock(mutex_);
  std::erase(expected_, sequence);
  changed_.notify_all();
}

Batcher::Counts Batcher::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Batcher::Gather(std::unique_lock<std::mutex>* lock) {
  const auto until = std::chrono::steady_clock::now() + kGather;
  while (!expected_.empty()) {
    if (changed_.wait_until(*lock, until) == std::cv_status::timeout) break;
  }
  expected_.clear();
}

// What the next step computes: a token of everybody who has one to go, and pieces of prompts.
std::vector<Batcher::Request*> Batcher::Choose(std::vector<StepPart>* parts) {
  const auto left = [](const Request* request) { return request->tokens.size() - request->done; };
  const auto prompts = static_cast<size_t>(std::count_if(
      waiting_.begin(), waiting_.end(), [&](const Request* request) { return left(request) > 1; }));
  size_t room = prompts == waiting_.size() ? kPromptTokensAlone : kPromptTokens;
  const size_t most = std::max(kLeastPiece, room / std::max<size_t>(1, prompts));
  std::vector<Request*> chosen, later;
  for (Request* request : waiting_) {
    if (chosen.size() == kMostSequences) break;
    size_t piece = 1;
    if (left(request) > 1) {
      piece = std::min({left(request), most, room});
      if (piece == 0) continue;
      room -= piece;
      if (piece < left(request)) later.push_back(request);
    }
    parts->push_back({request->sequence, request->tokens.subspan(request->done, piece),
                      piece == left(request) ? request->logits : nullptr, nullptr});
    request->running = true;
    chosen.push_back(request);
  }
  for (Request* request : later) {
    std::erase(waiting_, request);
    waiting_.push_back(request);
  }
  return chosen;
}

void Batcher::Lead(std::unique_lock<std::mutex>* lock) {
  leading_ = true;
  Gather(lock);
  std::vector<StepPart> parts;
  const std::vector<Request*> chosen = Choose(&parts);
  ++counts_.steps;
  counts_.sequences += static_cast<int64_t>(chosen.size());
  counts_.most_sequences = std::max(counts_.most_sequences, static_cast<int64_t>(chosen.size()));
  lock->unlock();
  Status status;
  try {
    forward_.Run(parts);
  } catch (const std::bad_alloc&) {
    status = Fail(ErrorKind::kFailed, "answering: there is not enough memory",
                  "try fewer conversations at once, or a smaller model");
  }
  lock->lock();
  for (size_t i = 0; i < chosen.size(); ++i) {
    Request& request = *chosen[i];
    request.running = false;
    request.done += parts[i].tokens.size();
    if (status && request.done < request.tokens.size()) continue;
    request.status = status;
    request.finished = true;
    std::erase(waiting_, &request);
    if (status) expected_.push_back(request.sequence);
  }
  leading_ = false;
  changed_.notify_all();
}

}  // namespace idiolect::native
