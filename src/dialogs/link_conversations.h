#pragma once
// Conversations out of links: which lines belong together. A line joins the conversation that the
// most probability speaks for, all of its candidates there taken together, and not simply that of
// its likeliest candidate: which of two neighbours is answered may be open while the conversation
// is not.

#include <array>
#include <cstdint>
#include <span>

#include "dialogs/link_window.h"

namespace idiolect {

// Takes the lines of a chat in order, from the first one; memory does not grow with the chat.
class LinkConversations {
 public:
  // `start_weight`: what the probability of "starts a conversation" counts, LinkModel's
  // conversation_margin against its margin.
  explicit LinkConversations(double start_weight) : start_weight_(start_weight) {
    begins_.fill(kNoLine);
  }

  // The next line. Returns the line that it joins, the likeliest of the conversation's; the line
  // itself when it starts one, or has no candidates.
  uint32_t Add(uint32_t line, std::span<const uint32_t> candidates,
               std::span<const float> probabilities);
  // The first line of the conversation of a line that is no more than kWindow back.
  uint32_t BeginOf(uint32_t line) const {
    const uint32_t begin = begins_[line % kKept];
    return begin == kNoLine ? line : begin;
  }

 private:
  static constexpr uint32_t kKept = 256;
  static_assert(kKept > kWindow);
  const double start_weight_;
  std::array<uint32_t, kKept> begins_;
};

}  // namespace idiolect
