#include "dialogs/link_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace idiolect {
namespace {

TEST(BucketCount, HasFourStepsAnOctave) {
  for (int64_t count = -3; count < 16; ++count) {
    EXPECT_EQ(BucketCount(count), std::max<int64_t>(count, 0));
  }
  for (int64_t count = 16; count < 70'000; ++count) {
    const auto octave = static_cast<int>(std::log2(static_cast<double>(count)));
    const auto quarter = static_cast<int>((count - (int64_t{1} << octave)) >> (octave - 2));
    ASSERT_EQ(BucketCount(count), 4 * octave + quarter) << count;
  }
  EXPECT_EQ(BucketCount((int64_t{1} << 40) - 1), 4 * 39 + 3);
  EXPECT_EQ(BucketCount(int64_t{1} << 40), 4 * 40);
  EXPECT_EQ(BucketCount(int64_t{1} << 62), 248);
  EXPECT_EQ(BucketCount(INT64_MIN), 0);
}

}  // namespace
}  // namespace idiolect
