#include "base/ordered_pass.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace idiolect {
namespace {

TEST(OrderedPass, TakesInTheOrderOfGiving) {
  std::vector<int> taken;
  OrderedPass<int, std::string> pass(
      4,
      [](size_t thread, const int& item) -> Result<std::string> {
        EXPECT_LT(thread, 4u);
        // The earlier ones of each four take longest.
        std::this_thread::sleep_for(std::chrono::microseconds(300 * (3 - item % 4)));
        return std::to_string(item);
      },
      [&taken](int&& item, std::string&& made) -> Status {
        EXPECT_EQ(made, std::to_string(item));
        taken.push_back(item);
        return {};
      });
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(pass.Give(i));
  ASSERT_TRUE(pass.End());
  ASSERT_EQ(taken.size(), 200u);
  EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
}

TEST(OrderedPass, EndsWithTheFirstItemsError) {
  int taken = 0;
  OrderedPass<int, int> pass(
      3,
      [](size_t, const int& item) -> Result<int> {
        if (item >= 20) return Fail(ErrorKind::kBadInput, "bad " + std::to_string(item));
        return item;
      },
      [&taken](int&&, int&&) -> Status {
        ++taken;
        return {};
      });
  int given = 0;
  while (given < 1000 && pass.Give(given)) ++given;
  EXPECT_LT(given, 1000);
  const Status status = pass.End();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "bad 20");
  EXPECT_EQ(taken, 20);
}

TEST(OrderedPass, EndsWithTheTakersError) {
  OrderedPass<int, int> pass(
      2, [](size_t, const int& item) -> Result<int> { return item; },
      [](int&& item, int&&) -> Status {
        if (item == 5) return Fail(ErrorKind::kFailed, "full");
        return {};
      });
  for (int i = 0; i < 100 && pass.Give(i); ++i) continue;
  const Status status = pass.End();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "full");
}

TEST(OrderedPass, GivenUpItEndsAtOnce) {
  std::atomic<int> worked{0};
  {
    OrderedPass<int, int> pass(
        2,
        [&worked](size_t, const int& item) -> Result<int> {
          ++worked;
          return item;
        },
        [](int&&, int&&) -> Status { return {}; });
    for (int i = 0; i < 3; ++i) pass.Give(i);
  }
  EXPECT_LE(worked, 3);
}

}  // namespace
}  // namespace idiolect
