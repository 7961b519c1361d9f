#pragma once
// Proof, made from what is really written, that a dataset gives nothing away: no message is learned
// twice, no answer stands in its own prompt, and nothing of the validation and test answers stands
// anywhere in what is trained on (nor of the test answers in what is validated on), by its message
// or, nearly, by its words.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataset/near_duplicates.h"
#include "dataset/plan.h"

namespace idiolect {

class LeakCheck {
 public:
  // Knows from the plan which messages are answers of which part.
  explicit LeakCheck(const Plan& plan);

  // Call for every sample as it is written, in order of the answers' ids. An error is a bug of ours
  // and must end the build.
  Status Check(Split split, std::span<const MessageId> prompt, std::span<const MessageId> answer);

  // The words of each answer, as the chat has them; then, after the last, whether any two of
  // different parts are at least `likeness` alike (dataset/near_duplicates.h), which is an error.
  void AddAnswer(Split split, std::string_view words);
  Status CheckLikeness(double likeness) const;

 private:
  bool IsHeldOut(MessageId message, Split split) const;

  struct HeldOut {
    MessageId message;
    Split split;
  };
  std::vector<HeldOut> held_out_;  // in order of id
  std::vector<uint64_t> maybe_;    // a bit for the hash of each; most messages fail here
  MessageId last_answer_;
  std::vector<Sketch> sketches_;
  std::vector<Split> splits_;
};

}  // namespace idiolect
