#include "dataset/leak_check.h"

#include <algorithm>
#include <string>

namespace idiolect {
namespace {

constexpr int kHashBits = 20;

size_t HashOf(MessageId message) {
  return static_cast<size_t>(static_cast<uint64_t>(message) * 0x9e3779b97f4a7c15ull >>
                             (64 - kHashBits));
}

tl::unexpected<Error> Leak(const char* what, MessageId message) {
  return Fail(ErrorKind::kFailed,
              "checking the dataset for leaks: message " + std::to_string(message) + " " + what,
              "this is a bug in idiolect: please report it with the command you ran");
}

}  // namespace

HeldOutAnswers::HeldOutAnswers(const Plan& plan) : maybe_((size_t{1} << kHashBits) / 64) {
  for (const PlannedSample& sample : plan.samples) {
    if (sample.dropped || sample.split == Split::kTrain) continue;
    for (uint32_t i = sample.answer_begin; i < sample.answer_end; ++i) {
      const MessageId message = plan.answer_messages[i];
      answers_.push_back({message, sample.split});
      maybe_[HashOf(message) / 64] |= uint64_t{1} << (HashOf(message) % 64);
    }
  }
  std::sort(answers_.begin(), answers_.end(),
            [](const HeldOut& a, const HeldOut& b) { return a.message < b.message; });
}

bool HeldOutAnswers::IsLater(MessageId message, Split split) const {
  if ((maybe_[HashOf(message) / 64] >> (HashOf(message) % 64) & 1) == 0) return false;
  const auto found =
      std::lower_bound(answers_.begin(), answers_.end(), message,
                       [](const HeldOut& held, MessageId wanted) { return held.message < wanted; });
  return found != answers_.end() && found->message == message && found->split > split;
}

Status LeakCheck::Check(const HeldOutAnswers& held_out, Split split,
                        std::span<const MessageId> prompt, std::span<const MessageId> answer) {
  if (prompt.empty() || answer.empty()) return Leak("has no prompt or no answer", last_answer_);
  const MessageId first = answer.front();
  if (first_answer_ == kNone) first_answer_ = first;
  for (const MessageId message : answer) {
    // In order of id, so one that is not larger was there before.
    if (message <= last_answer_) return Leak("is learned twice", message);
    last_answer_ = message;
    if (held_out.IsLater(message, split)) return Leak("is trained on and tested on", message);
  }
  for (const MessageId message : prompt) {
    if (message >= first) return Leak("stands in its own prompt, or was said after it", message);
    if (held_out.IsLater(message, split)) {
      return Leak("is asked later and stands in a prompt", message);
    }
  }
  return {};
}

void LeakCheck::AddAnswer(Split split, std::string_view words) {
  const Sketch sketch = SketchOf(words);
  if (sketch.empty()) return;
  sketches_.push_back(sketch);
  splits_.push_back(split);
}

Status LeakCheck::Join(LeakCheck&& next) {
  if (next.first_answer_ == kNone) return {};
  if (next.first_answer_ <= last_answer_) return Leak("is learned twice", next.first_answer_);
  if (first_answer_ == kNone) first_answer_ = next.first_answer_;
  last_answer_ = next.last_answer_;
  sketches_.insert(sketches_.end(), next.sketches_.begin(), next.sketches_.end());
  splits_.insert(splits_.end(), next.splits_.begin(), next.splits_.end());
  return {};
}

Status LeakCheck::CheckLikeness(double likeness) const {
  const std::vector<uint32_t> groups = GroupAlike(sketches_, likeness);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (splits_[i] == splits_[groups[i]]) continue;
    return Fail(ErrorKind::kFailed,
                std::string("checking the dataset for leaks: nearly the same answer lies in ") +
                    SplitName(splits_[groups[i]]) + " and in " + SplitName(splits_[i]),
                "this is a bug in idiolect: please report it with the command you ran");
  }
  return {};
}

}  // namespace idiolect
