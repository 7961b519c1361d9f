// Scoring 32 candidates at a time, without walking: every node whose comparison fails strikes out
// the leaves to its left, and of those that are left the first is the one that a walk would reach
// ("QuickScorer", Lucchese et al., SIGIR 2015; by bytes as in "RapidScorer", Ye et al., KDD 2018).
// Leaves are whole numbers, so both ways of scoring give the same bits.

#include <algorithm>
#include <array>
#include <cstring>

#include "dialogs/link_model.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define IDIOLECT_AVX2 __attribute__((target("avx2")))

namespace idiolect {

#if defined(__x86_64__)

namespace {

constexpr size_t kLanes = FeatureBlocks::kLanes;
// A leaf's two bytes are summed apart in 16 bits; after so many trees the sums are put together.
constexpr size_t kTreesOfSum = 256;
constexpr size_t kAtOnce = 4;  // blocks, where there are so many: a step is loaded once for all

// The place of the lowest bit in each byte, 128 or more where there is none.
IDIOLECT_AVX2 inline __m256i LowestBit(__m256i bytes) {
  const __m256i low = _mm256_setr_epi8(-128, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0, -128, 0,
                                       1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0);
  const __m256i high = _mm256_setr_epi8(-128, 4, 5, 4, 6, 4, 5, 4, 7, 4, 5, 4, 6, 4, 5, 4, -128, 4,
                                        5, 4, 6, 4, 5, 4, 7, 4, 5, 4, 6, 4, 5, 4);
  const __m256i nibble = _mm256_set1_epi8(15);
  return _mm256_min_epu8(
      _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
      _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
}

IDIOLECT_AVX2 inline __m256i Sixteen(const uint8_t* bytes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// Bytes that are summed over trees: of all candidates as they stand, with what the even ones carry
// into the odd, and of the odd ones alone. Both in 16 bits.
struct ByteSums {
  __m256i all, odd;
  IDIOLECT_AVX2 void Clear() { all = odd = _mm256_setzero_si256(); }
  IDIOLECT_AVX2 void Add(__m256i bytes) {
    all = _mm256_add_epi16(all, bytes);
    odd = _mm256_add_epi16(odd, _mm256_srli_epi16(bytes, 8));
  }
  // Adds them, times 1 << shift, to the candidates' sums.
  IDIOLECT_AVX2 void AddTo(int shift, int32_t* sums) const {
    alignas(32) std::array<uint16_t, kLanes / 2> of_even, of_odd;
    const __m256i even = _mm256_sub_epi16(all, _mm256_slli_epi16(odd, 8));
    _mm256_store_si256(reinterpret_cast<__m256i*>(of_even.data()), even);
    _mm256_store_si256(reinterpret_cast<__m256i*>(of_odd.data()), odd);
    for (size_t i = 0; i < of_even.size(); ++i) {
      sums[2 * i] += of_even[i] << shift;
      sums[2 * i + 1] += of_odd[i] << shift;
    }
  }
};

}  // namespace

template <size_t kBlocks>
IDIOLECT_AVX2 void LinkModel::ScoreBlocks(const uint8_t* features, int32_t* sums) const {
  const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi8(-1);
  const __m256i eight = _mm256_set1_epi8(8);
  const Step* step = steps_.data();
  const uint8_t* planes = planes_.data();
  // The high bytes are kept 128 above what they are.
  std::fill_n(sums, kBlocks * kLanes, -static_cast<int32_t>(trees_.size() << 15));
  for (size_t begin = 0; begin < trees_.size(); begin += kTreesOfSum) {
    ByteSums low[kBlocks], high[kBlocks];
    for (size_t b = 0; b < kBlocks; ++b) {
      low[b].Clear();
      high[b].Clear();
    }
    const size_t end = std::min(trees_.size(), begin + kTreesOfSum);
    for (size_t t = begin; t < end; ++t, planes += kPlanesOfTree) {
      const Tree& tree = trees_[t];
      // Of the first group that has a leaf left: its leaves, and where the group begins.
      __m256i left[kBlocks], first[kBlocks];
      for (size_t b = 0; b < kBlocks; ++b) {
        left[b] = zero;
        first[b] = _mm256_sub_epi8(zero, eight);
      }
      for (uint32_t group = 0; group < tree.groups; ++group) {
        __m256i here[kBlocks];
        for (size_t b = 0; b < kBlocks; ++b) here[b] = ones;
        for (const Step* const last = steps_.data() + tree.steps_end[group]; step != last; ++step) {
          const __m256i least = _mm256_set1_epi8(step->least), keep = _mm256_set1_epi8(step->keep);
          const auto* const x = reinterpret_cast<const __m256i*>(features + kBlocks * step->offset);
          for (size_t b = 0; b < kBlocks; ++b) {
            const __m256i holds = _mm256_cmpgt_epi8(least, _mm256_load_si256(x + b));
            here[b] = _mm256_and_si256(here[b], _mm256_or_si256(holds, keep));
          }
        }
        for (size_t b = 0; b < kBlocks; ++b) {
          const __m256i none = _mm256_cmpeq_epi8(left[b], zero);
          left[b] = _mm256_blendv_epi8(left[b], here[b], none);
          first[b] = _mm256_add_epi8(first[b], _mm256_and_si256(none, eight));
        }
      }
      const __m256i low_first = Sixteen(planes), high_first = Sixteen(planes + 16);
      for (size_t b = 0; b < kBlocks; ++b) {
        const __m256i leaf = _mm256_add_epi8(LowestBit(left[b]), first[b]);
        if (tree.groups <= 2) {
          low[b].Add(_mm256_shuffle_epi8(low_first, leaf));
          high[b].Add(_mm256_shuffle_epi8(high_first, leaf));
        } else {
          // A shuffle gives 0 for what is not among its sixteen.
          const __m256i of_first = _mm256_add_epi8(leaf, _mm256_set1_epi8(0x70));
          const __m256i of_second = _mm256_sub_epi8(leaf, _mm256_set1_epi8(16));
          low[b].Add(_mm256_or_si256(_mm256_shuffle_epi8(low_first, of_first),
                                     _mm256_shuffle_epi8(Sixteen(planes + 32), of_second)));
          high[b].Add(_mm256_or_si256(_mm256_shuffle_epi8(high_first, of_first),
                                      _mm256_shuffle_epi8(Sixteen(planes + 48), of_second)));
        }
      }
    }
    for (size_t b = 0; b < kBlocks; ++b) {
      low[b].AddTo(0, sums + b * kLanes);
      high[b].AddTo(8, sums + b * kLanes);
    }
  }
}

IDIOLECT_AVX2 void LinkModel::ScoreWithAvx2(const FeatureBlocks& blocks, size_t begin, size_t end,
                                            std::vector<int32_t>* sums) const {
  // The features that the model uses, those of several blocks side by side, as signed bytes.
  alignas(32) uint8_t features[kLinkFeatures * kLanes * kAtOnce];
  alignas(32) int32_t found[kLanes * kAtOnce];
  const __m256i sign = _mm256_set1_epi8(-128);
  const size_t blocks_end = (end + kLanes - 1) / kLanes;
  for (size_t number = begin / kLanes, count; number < blocks_end; number += count) {
    count = blocks_end - number >= kAtOnce ? kAtOnce : blocks_end - number >= 2 ? 2 : 1;
    for (size_t b = 0; b < count; ++b) {
      const auto* const block = reinterpret_cast<const __m256i*>(blocks.block(number + b));
      auto* const out = reinterpret_cast<__m256i*>(features) + b;
      for (size_t i = 0; i < used_.size(); ++i) {
        _mm256_store_si256(out + count * i,
                           _mm256_xor_si256(_mm256_loadu_si256(block + used_[i]), sign));
      }
    }
    if (count == kAtOnce) {
      ScoreBlocks<kAtOnce>(features, found);
    } else if (count == 2) {
      ScoreBlocks<2>(features, found);
    } else {
      ScoreBlocks<1>(features, found);
    }
    const size_t candidate = number * kLanes;
    std::memcpy(sums->data() + candidate, found,
                std::min(count * kLanes, sums->size() - candidate) * sizeof *found);
  }
}

#endif

void LinkModel::Score(const FeatureBlocks& blocks, size_t begin, size_t end,
                      std::vector<int32_t>* sums) const {
  sums->resize(blocks.candidates());
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    ScoreWithAvx2(blocks, begin, end, sums);
    return;
  }
#endif
  for (size_t i = begin; i < end; ++i) (*sums)[i] = ScoreOne(blocks, i);
}

}  // namespace idiolect
