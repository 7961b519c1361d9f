// Scoring 32 candidates at a time, without walking: every node whose comparison fails strikes out
// the leaves to its left, and of those that are left the first is the one that a walk would reach
// ("QuickScorer", Lucchese et al., SIGIR 2015; by bytes as in "RapidScorer", Ye et al., KDD 2018).
// Leaves are whole numbers, so both ways of scoring give the same bits.

#include "dialogs/link_model.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace idiolect {

#if defined(__x86_64__)

namespace {

// The place of the lowest bit in each byte, 128 or more where there is none.
__attribute__((target("avx2"))) inline __m256i LowestBit(__m256i bytes) {
  const __m256i low = _mm256_setr_epi8(-128, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0, -128, 0,
                                       1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0);
  const __m256i high = _mm256_setr_epi8(-128, 4, 5, 4, 6, 4, 5, 4, 7, 4, 5, 4, 6, 4, 5, 4, -128, 4,
                                        5, 4, 6, 4, 5, 4, 7, 4, 5, 4, 6, 4, 5, 4);
  const __m256i nibble = _mm256_set1_epi8(15);
  return _mm256_min_epu8(
      _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
      _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
}

}  // namespace

__attribute__((target("avx2"))) void LinkModel::ScoreWithAvx2(const FeatureBlocks& blocks,
                                                              size_t begin, size_t end,
                                                              std::vector<int32_t>* sums) const {
  alignas(32) int32_t lanes[4][8];
  const size_t blocks_end = (end + FeatureBlocks::kLanes - 1) / FeatureBlocks::kLanes;
  for (size_t number = begin / FeatureBlocks::kLanes; number < blocks_end; ++number) {
    const uint8_t* const block = blocks.block(number);
    __m256i sum[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
    const Step* step = steps_.data();
    for (size_t t = 0; t < trees_.size(); ++t) {
      const Tree& tree = trees_[t];
      __m256i leaf = _mm256_set1_epi8(-1);
      for (uint32_t group = 0; group < tree.groups; ++group) {
        __m256i left = _mm256_set1_epi8(-1);
        for (const Step* const last = steps_.data() + tree.steps_end[group]; step != last; ++step) {
          const __m256i x =
              _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + step->offset));
          const __m256i least = _mm256_set1_epi8(static_cast<char>(step->least));
          const __m256i clear = _mm256_set1_epi8(static_cast<char>(step->clear));
          const __m256i fails = _mm256_cmpeq_epi8(_mm256_max_epu8(x, least), x);
          left = _mm256_andnot_si256(_mm256_and_si256(fails, clear), left);
        }
        leaf = _mm256_min_epu8(
            leaf, _mm256_add_epi8(LowestBit(left), _mm256_set1_epi8(static_cast<char>(8 * group))));
      }
      // The leaf's two bytes, from tables of sixteen leaves.
      const __m256i* const values = reinterpret_cast<const __m256i*>(planes_.data() + 128 * t);
      const __m256i first = _mm256_add_epi8(leaf, _mm256_set1_epi8(0x70));
      const __m256i second = _mm256_sub_epi8(leaf, _mm256_set1_epi8(16));
      const __m256i low =
          _mm256_or_si256(_mm256_shuffle_epi8(_mm256_loadu_si256(values), first),
                          _mm256_shuffle_epi8(_mm256_loadu_si256(values + 1), second));
      const __m256i high =
          _mm256_or_si256(_mm256_shuffle_epi8(_mm256_loadu_si256(values + 2), first),
                          _mm256_shuffle_epi8(_mm256_loadu_si256(values + 3), second));
      const __m256i a = _mm256_unpacklo_epi8(low, high), b = _mm256_unpackhi_epi8(low, high);
      // Even and odd ones of each, widened with their sign.
      sum[0] = _mm256_add_epi32(sum[0], _mm256_srai_epi32(_mm256_slli_epi32(a, 16), 16));
      sum[1] = _mm256_add_epi32(sum[1], _mm256_srai_epi32(a, 16));
      sum[2] = _mm256_add_epi32(sum[2], _mm256_srai_epi32(_mm256_slli_epi32(b, 16), 16));
      sum[3] = _mm256_add_epi32(sum[3], _mm256_srai_epi32(b, 16));
    }
    for (int i = 0; i < 4; ++i) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(lanes[i]), sum[i]);
    }
    // Lanes of 16-bit unpacking: half h holds candidates 16 h + 0…7 in a, 16 h + 8…15 in b.
    for (size_t half = 0; half < 2; ++half) {
      for (size_t i = 0; i < 8; ++i) {
        for (size_t of_b = 0; of_b < 2; ++of_b) {
          const size_t candidate = number * 32 + half * 16 + of_b * 8 + i;
          if (candidate < sums->size()) {
            (*sums)[candidate] = lanes[of_b * 2 + i % 2][half * 4 + i / 2];
          }
        }
      }
    }
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
