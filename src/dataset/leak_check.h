#pragma once
// Proof, made from what is really written, that a dataset gives nothing away: no message is learned
// twice, no answer stands in its own prompt, and nothing of the validation and test answers stands
// anywhere in what is trained on (nor of the test answers in what is validated on).

#include <cstdint>
#include <span>
#include <vector>

#include "dataset/plan.h"

namespace idiolect {

class LeakCheck {
 public:
  // Knows from the plan which messages are answers of which part.
  explicit LeakCheck(const Plan& plan);

  // Call for every sample as it is written, in order of the answers' ids. An error is a bug of ours
  // and must end the build.
  Status Check(Split split, std::span<const MessageId> prompt, std::span<const MessageId> answer);

 private:
  bool IsHeldOut(MessageId message, Split split) const;

  struct HeldOut {
    MessageId message;
    Split split;
  };
  std::vector<HeldOut> held_out_;  // in order of id
  std::vector<uint64_t> maybe_;    // a bit for the hash of each; most messages fail here
  MessageId last_answer_;
};

}  // namespace idiolect
