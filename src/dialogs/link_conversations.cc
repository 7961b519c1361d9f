#include "dialogs/link_conversations.h"

namespace idiolect {

uint32_t LinkConversations::Add(uint32_t line, std::span<const uint32_t> candidates,
                                std::span<const float> probabilities) {
  begins_[line % kKept] = line;
  double best = -1;
  uint32_t begin = line;
  for (size_t i = 0; i < candidates.size(); ++i) {
    double mass = 0;
    const uint32_t of = BeginOf(candidates[i]);
    if (candidates[i] == line) {
      mass = start_weight_ * static_cast<double>(probabilities[i]);
    } else {
      for (size_t k = 0; k < candidates.size(); ++k) {
        if (candidates[k] != line && BeginOf(candidates[k]) == of) {
          mass += static_cast<double>(probabilities[k]);
        }
      }
    }
    if (mass > best) {
      best = mass;
      begin = of;
    }
  }
  if (begin == line) return line;
  begins_[line % kKept] = begin;
  uint32_t joined = line;
  float likeliest = -1;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i] != line && BeginOf(candidates[i]) == begin && probabilities[i] > likeliest) {
      likeliest = probabilities[i];
      joined = candidates[i];
    }
  }
  return joined;
}

}  // namespace idiolect
