#include "engine/torch/samples.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace idiolect {
namespace {

int64_t Length(const TokenSample& sample) {
  return static_cast<int64_t>(sample.tokens.size());
}

void ShuffleOrder(Random* random, std::vector<size_t>* order) {
  for (size_t i = order->size(); i > 1; --i) std::swap((*order)[i - 1], (*order)[random->Below(i)]);
}

// The conversation without the turns before `first`, the system message kept.
std::vector<ChatMessage> From(const TrainingSample& sample, size_t first) {
  std::vector<ChatMessage> messages;
  if (first > 0 && sample.front().role == "system") messages.push_back(sample.front());
  messages.insert(messages.end(), sample.begin() + static_cast<std::ptrdiff_t>(first),
                  sample.end());
  return messages;
}

}  // namespace

int64_t TokenSample::CountTargets() const {
  return is_target.empty() ? 0 : std::count(is_target.begin() + 1, is_target.end(), uint8_t{1});
}

Result<TokenSamples> RenderSamples(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                   const std::vector<TrainingSample>& samples,
                                   int64_t most_tokens) {
  TokenSamples result;
  for (size_t number = 0; number < samples.size(); ++number) {
    const TrainingSample& sample = samples[number];
    for (size_t first = 0; first <= sample.size(); ++first) {
      if (first == sample.size()) {
        ++result.dropped;
        break;
      }
      if (first > 0 && sample[first].role != "user") continue;
      auto rendered = chat_template.RenderForTraining(tokenizer, From(sample, first));
      if (!rendered) {
        Error error = std::move(rendered).error();
        error.message = "preparing sample " + std::to_string(number + 1) + ": " + error.message;
        return tl::unexpected(std::move(error));
      }
      if (static_cast<int64_t>(rendered->tokens.size()) > most_tokens) continue;
      TokenSample tokens{std::move(rendered->tokens), std::move(rendered->is_target)};
      if (tokens.CountTargets() == 0) {
        ++result.dropped;
      } else {
        result.cut += first > 0;
        result.samples.push_back(std::move(tokens));
      }
      break;
    }
  }
  return result;
}

Result<TokenSamples> RenderPairs(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                 const std::vector<PreferencePair>& pairs, int64_t most_tokens) {
  TokenSamples result;
  for (size_t number = 0; number < pairs.size(); ++number) {
    const PreferencePair& pair = pairs[number];
    TrainingSample sides[2];
    for (int side = 0; side < 2; ++side) {
      sides[side] = pair.prompt;
      for (ChatMessage& message : sides[side]) message.learned = false;
      sides[side].push_back(side == 0 ? pair.chosen : pair.rejected);
      sides[side].back().learned = true;
    }
    for (size_t first = 0; first <= pair.prompt.size(); ++first) {
      if (first == pair.prompt.size()) {
        ++result.dropped;
        break;
      }
      if (first > 0 && pair.prompt[first].role != "user") continue;
      TokenSample joined;
      bool learns = true;
      for (const TrainingSample& side : sides) {
        auto rendered = chat_template.RenderForTraining(tokenizer, From(side, first));
        if (!rendered) {
          Error error = std::move(rendered).error();
          error.message = "preparing pair " + std::to_string(number + 1) + ": " + error.message;
          return tl::unexpected(std::move(error));
        }
        const TokenSample one{std::move(rendered->tokens), std::move(rendered->is_target)};
        learns &= one.CountTargets() > 0;
        joined.second = Length(joined);
        joined.tokens.insert(joined.tokens.end(), one.tokens.begin(), one.tokens.end());
        joined.is_target.insert(joined.is_target.end(), one.is_target.begin(), one.is_target.end());
      }
      if (Length(joined) > most_tokens) continue;
      if (!learns) {
        ++result.dropped;
      } else {
        result.cut += first > 0 ? 1 : 0;
        result.samples.push_back(std::move(joined));
      }
      break;
    }
  }
  return result;
}

std::vector<PackedRow> Pack(const std::vector<TokenSample>& samples, int64_t row_tokens,
                            Shuffle shuffle, uint64_t seed) {
  Random random(seed);
  std::vector<size_t> order(samples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (shuffle == Shuffle::kYes) ShuffleOrder(&random, &order);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return samples[a].tokens.size() > samples[b].tokens.size();
  });

  std::vector<PackedRow> rows;
  // Rows before this one are full.
  size_t open = 0;
  for (const size_t index : order) {
    const TokenSample& sample = samples[index];
    size_t at = open;
    while (at < rows.size() &&
           static_cast<int64_t>(rows[at].tokens.size()) + Length(sample) > row_tokens) {
      ++at;
    }
    if (at == rows.size()) rows.emplace_back();
    PackedRow& row = rows[at];
    row.tokens.insert(row.tokens.end(), sample.tokens.begin(), sample.tokens.end());
    row.is_target.insert(row.is_target.end(), sample.is_target.begin(), sample.is_target.end());
    if (sample.second > 0) row.starts.push_back(row.starts.back() + sample.second);
    row.starts.push_back(static_cast<int64_t>(row.tokens.size()));
    row.origins.push_back(index);
    while (open < rows.size() && static_cast<int64_t>(rows[open].tokens.size()) == row_tokens) {
      ++open;
    }
  }
  if (shuffle == Shuffle::kNo) return rows;
  std::vector<size_t> places(rows.size());
  std::iota(places.begin(), places.end(), size_t{0});
  ShuffleOrder(&random, &places);
  std::vector<PackedRow> shuffled;
  for (const size_t place : places) shuffled.push_back(std::move(rows[place]));
  return shuffled;
}

}  // namespace idiolect
