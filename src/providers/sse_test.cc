#include "providers/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace idiolect {
namespace {

std::vector<std::string> Events(const std::string& text, size_t piece) {
  std::vector<std::string> events;
  SseReader reader;
  const auto sink = [&](std::string_view data) {
    events.emplace_back(data);
    return true;
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(reader.Feed(std::string_view(text).substr(at, piece), sink));
  }
  EXPECT_TRUE(reader.End(sink));
  return events;
}

TEST(Sse, GivesTheSameEventsWhateverThePieces) {
  const std::string text =
      "\xEF\xBB\xBF: ping\r\n\r\ndata: one\r\n\r\nevent: x\rid: 3\rdata:two\rdata: three\r\r"
      "data\n\nretry: 5\n\ndata: Привет\n\n\n\ndata: [DONE]";
  const std::vector<std::string> expected = {"one", "two\nthree", "", "Привет", "[DONE]"};
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(Events(text, piece), expected) << piece;
  }
}

TEST(Sse, TheSinkEndsItAndAHugeEventIsRefused) {
  SseReader reader;
  EXPECT_FALSE(reader.Feed("data: a\n\ndata: b\n\n", [](std::string_view) { return false; }));
  SseReader small(10);
  EXPECT_FALSE(small.Feed("data: 0123456789\n\n", [](std::string_view) { return true; }));
  EXPECT_TRUE(small.too_large());
}

}  // namespace
}  // namespace idiolect
