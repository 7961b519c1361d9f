#pragma once
// Continuous batching: threads that each run a sequence hand in their tokens, and one of them, for
// all, computes a step over whatever is there. A long prompt is taken in pieces between which the
// others get their tokens. There is no thread of its own: whoever waits leads.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"
#include "engine/native/forward.h"

namespace idiolect::native {

// Thread-safe. Weights and compute must outlive it.
class Batcher {
 public:
  struct Counts {
    int64_t steps = 0;
    int64_t sequences = 0;       // over all steps
    int64_t most_sequences = 0;  // in one step
  };

  Batcher(const Compute& compute, const Weights& weights) : forward_(compute, weights) {}

  // Runs `tokens` after those the sequence has seen and writes the logits after the last one. Waits
  // until that is done. The sequence must be reserved for them and in no other call. Fails with
  // kInterrupted, with some of the tokens run (the sequence's length says how many), or kFailed.
  Status Run(Sequence* sequence, std::span<const int32_t> tokens, float* logits,
             const Interrupt& interrupt);
  // The sequence will want no more for now: nobody waits for its next token.
  void Leave(Sequence* sequence);

  Counts counts() const;

 private:
  struct Request {
    Sequence* sequence;
    std::span<const int32_t> tokens;
    float* logits;
    size_t done = 0;
    bool running = false;
    bool finished = false;
    Status status;
  };
  void Lead(std::unique_lock<std::mutex>* lock);
  void Gather(std::unique_lock<std::mutex>* lock);
  std::vector<Request*> Choose(std::vector<StepPart>* parts);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::deque<Request*> waiting_;     // oldest first; prompts that had a piece go to the end
  std::vector<Sequence*> expected_;  // had a token in the last step, will soon be back
  bool leading_ = false;
  Counts counts_;

  Forward forward_;  // the leader's
};

}  // namespace idiolect::native
