#pragma once
// Conversations as training sees them: rendered into tokens, cut to the longest that fits, and
// packed side by side into rows.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "core/engine.h"
#include "engine/files/chat_template.h"
#include "engine/files/tokenizer.h"
#include "engine/torch/lora_model.h"

namespace idiolect {

// A conversation, or a pair of them that must share a row.
struct TokenSample {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> is_target;
  int64_t second = 0;  // where the second of a pair begins; 0: no pair

  int64_t CountTargets() const;  // without the first token, which nothing comes before
};

struct TokenSamples {
  std::vector<TokenSample> samples;
  int64_t cut = 0;      // began later than their conversation
  int64_t dropped = 0;  // nothing to learn fitted
};

// A sample longer than `most_tokens` loses its oldest turns (not the system message) until it fits;
// it then begins with a user's turn. Fails with kBadInput when a conversation cannot be rendered,
// naming which by number.
Result<TokenSamples> RenderSamples(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                   const std::vector<TrainingSample>& samples, int64_t most_tokens);

// Each prompt with either answer, chosen first; only the answer is learned. Both are cut at the
// same turn, so that together they fit.
Result<TokenSamples> RenderPairs(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                 const std::vector<PreferencePair>& pairs, int64_t most_tokens);

enum class Shuffle { kNo, kYes };

// First-fit decreasing into rows of `row_tokens`; every sample must fit one. A row's `origins` are
// places in `samples`; a pair is one of those and two of its samples. Shuffled, the order of
// rows, and who shares one among equals in length, follow the seed; how many rows there are never
// does.
std::vector<PackedRow> Pack(const std::vector<TokenSample>& samples, int64_t row_tokens,
                            Shuffle shuffle, uint64_t seed);

}  // namespace idiolect
