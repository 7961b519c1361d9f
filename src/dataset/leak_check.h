#pragma once
// Proof, made from what is really written, that a dataset gives nothing away: no message is learned
// twice, no answer stands in its own prompt, and nothing of the validation and test answers stands
// anywhere in what is trained on (nor of the test answers in what is validated on), by its message
// or, nearly, by its words.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "dataset/near_duplicates.h"
#include "dataset/plan.h"

namespace idiolect {

// Which messages are answers of the validation and test parts. Constant, thread-safe.
class HeldOutAnswers {
 public:
  explicit HeldOutAnswers(const Plan& plan);
  // Whether it is an answer of a part later than `split`.
  bool IsLater(MessageId message, Split split) const;

 private:
  struct HeldOut {
    MessageId message;
    Split split;
  };
  std::vector<HeldOut> answers_;  // in order of id
  std::vector<uint64_t> maybe_;   // a bit for the hash of each; most messages fail here
};

// Of a stretch of the samples; stretches made apart are joined in order.
class LeakCheck {
 public:
  // Call for every sample as it is written, in order of the answers' ids. An error is a bug of ours
  // and must end the build.
  Status Check(const HeldOutAnswers& held_out, Split split, std::span<const MessageId> prompt,
               std::span<const MessageId> answer);
  // The words of the same answer, as the chat has them.
  void AddAnswer(Split split, std::string_view words);
  // Goes on with what was checked of the samples that follow.
  Status Join(LeakCheck&& next);

  // After the last: whether any two answers of different parts are at least `likeness` alike
  // (dataset/near_duplicates.h), which is an error.
  Status CheckLikeness(double likeness) const;

 private:
  static constexpr MessageId kNone = std::numeric_limits<MessageId>::min();

  MessageId first_answer_ = kNone, last_answer_ = kNone;
  std::vector<Sketch> sketches_;
  std::vector<Split> splits_;
};

}  // namespace idiolect
