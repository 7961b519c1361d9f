#include "tokens/o200k.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tokens/byte_merge.h"
#include "tokens/token_counter.h"

namespace idiolect {
namespace {

using nlohmann::json;

std::vector<json> Recorded() {
  std::ifstream file(IDIOLECT_SOURCE_DIR "/tests/reference/o200k.jsonl");
  std::vector<json> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(json::parse(line));
  return rows;
}

TEST(O200kSplitter, CutsWhereTheExpressionDoes) {
  const O200kSplitter splitter;
  const auto rows = Recorded();
  ASSERT_GT(rows.size(), 400u);
  for (const json& row : rows) {
    const auto text = row["text"].get<std::string>();
    std::vector<size_t> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t end = splitter.PieceEnd(text, at);
      ASSERT_GT(end, at);
      ASSERT_LE(end, text.size());
      pieces.push_back(end - at);
      at = end;
    }
    EXPECT_EQ(pieces, row["pieces"].get<std::vector<size_t>>()) << text;
  }
}

TEST(O200kSplitter, TakesBytesThatAreNoText) {
  const O200kSplitter splitter;
  for (const std::string text : {"\xD0", "a\xFF\xFE!", "\xE2\x9D", "\xC5'\xC5", " \x80\x80"}) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = splitter.PieceEnd(text, at);
      ASSERT_GT(end, at);
      ASSERT_LE(end, text.size());
      at = end;
    }
  }
}

std::unique_ptr<O200k> Real() {
  auto encoding = O200k::LoadDefault();
  EXPECT_TRUE(encoding) << encoding.error().message << "; " << encoding.error().hint;
  return encoding ? *std::move(encoding) : nullptr;
}

TEST(O200k, GivesTheIdsOfTheReference) {
  const auto encoding = Real();
  ASSERT_TRUE(encoding);
  EXPECT_EQ(encoding->size(), 199998u);
  O200kEncoder encoder(*encoding);
  const auto rows = Recorded();
  for (int pass = 0; pass < 2; ++pass) {  // the second one from memory
    for (const json& row : rows) {
      const auto text = row["text"].get<std::string>();
      std::vector<uint32_t> ids;
      encoder.Encode(text, &ids);
      ASSERT_EQ(ids, row["ids"].get<std::vector<uint32_t>>()) << text;
      EXPECT_EQ(encoder.Count(text), ids.size());
      EXPECT_EQ(encoder.Decode(ids), text);
    }
  }
}

TEST(O200k, LongWordsCostNoSquare) {
  const auto encoding = Real();
  ASSERT_TRUE(encoding);
  O200kEncoder encoder(*encoding);
  std::string text;
  uint32_t seed = 1;
  while (text.size() < 500'000) {
    seed = seed * 1664525u + 1013904223u;
    text += static_cast<char>('a' + (seed >> 24) % 26);
  }
  const auto start = std::chrono::steady_clock::now();
  std::vector<uint32_t> ids;
  encoder.Encode(text, &ids);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(encoder.Decode(ids), text);
  // A second at worst here; a square of half a million would be many minutes.
  EXPECT_LT(took.count(), 60);
}

// Every byte, and "ab" before "bc" before "abc".
std::string SmallRanks(const std::string& more = "YWI= 256\nYmM= 257\nYWJj 258\n") {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string ranks;
  for (int byte = 0; byte < 256; ++byte) {
    ranks += kDigits[byte >> 2];
    ranks += kDigits[(byte & 3) << 4];
    ranks += "== " + std::to_string(byte) + "\n";
  }
  return ranks + more;
}

TEST(O200k, MergesByRankScannedAndHeaped) {
  const auto encoding = O200k::FromRanks(SmallRanks(), "ranks");
  ASSERT_TRUE(encoding) << encoding.error().message;
  ByteMerge merge;
  merge.Run(**encoding, "xabcbc");
  EXPECT_EQ(merge.ids(), (std::vector<uint32_t>{'x', 258, 257}));
  std::string piece;
  std::vector<uint32_t> expected;
  for (int i = 0; i < 100; ++i) {
    piece += "abcbcb";
    expected.insert(expected.end(), {258, 257, 'b'});
  }
  merge.Run(**encoding, piece);
  EXPECT_EQ(merge.ids(), expected);
}

TEST(O200k, NamesWhatIsWrongWithRanks) {
  const auto message = [](const std::string& ranks) {
    const auto made = O200k::FromRanks(ranks, "ranks");
    return made ? std::string("none") : made.error().message;
  };
  EXPECT_EQ(message(""), "reading ranks: ranks: no token for the byte 0");
  EXPECT_EQ(message(SmallRanks("YWI= 300\n")),
            "reading ranks: ranks:257: not the bytes of a token in base 64 and the rank 256");
  EXPECT_EQ(message(SmallRanks("Y!I= 256\n")),
            "reading ranks: ranks:257: not the bytes of a token in base 64 and the rank 256");
  EXPECT_EQ(message("binary\n"),
            "reading ranks: ranks:1: not the bytes of a token in base 64 and the rank 0");
}

TEST(TokenCounter, AnotherFileIsRefusedAndAMissingOneSaysHowToGetIt) {
  const auto file = std::filesystem::path(testing::TempDir()) / "idiolect-other-ranks";
  ASSERT_TRUE(PublishFile(file, "YQ== 0\n"));
  setenv("IDIOLECT_O200K", file.c_str(), 1);
  auto counter = OpenO200kCounter();
  ASSERT_FALSE(counter);
  EXPECT_EQ(counter.error().kind, ErrorKind::kBadInput);
  std::filesystem::remove(file);
  counter = OpenO200kCounter();
  ASSERT_FALSE(counter);
  EXPECT_EQ(counter.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(counter.error().hint.find("scripts/setup"), std::string::npos);
  EXPECT_EQ(OpenBestCounter()->Name(), "estimate");
  unsetenv("IDIOLECT_O200K");
}

TEST(TokenCounter, TheEstimateIsNear) {
  auto exact = OpenO200kCounter();
  ASSERT_TRUE(exact) << exact.error().message;
  const auto guess = MakeEstimatedCounter();
  EXPECT_TRUE((*exact)->IsExact());
  EXPECT_FALSE(guess->IsExact());
  for (const char* name : {"ru", "en"}) {
    const auto text =
        ReadFile(IDIOLECT_SOURCE_DIR "/examples/" + std::string(name) + "/result.json");
    ASSERT_TRUE(text);
    size_t expected = 0, guessed = 0;
    const auto export_json = json::parse(*text);
    for (const json& chat : export_json["chats"]["list"]) {
      for (const json& message : chat["messages"]) {
        if (!message.contains("text") || !message["text"].is_string()) continue;
        const auto words = message["text"].get<std::string>();
        expected += (*exact)->Count(words);
        guessed += guess->Count(words);
      }
    }
    ASSERT_GT(expected, 1000u);
    EXPECT_NEAR(static_cast<double>(guessed) / static_cast<double>(expected), 1, 0.15) << name;
  }
}

}  // namespace
}  // namespace idiolect
