#include "importer/json_stream.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace idiolect {
namespace {

using std::string_literals::operator""s;

// Reads the whole value back as plain JSON, by all of the stream's calls.
void Echo(JsonStream& json, std::string& out) {
  std::string_view key;
  switch (json.Peek()) {
    case JsonKind::kNone:
      return;
    case JsonKind::kObject: {
      out += '{';
      bool first = true;
      if (!json.Enter()) return;
      while (json.NextKey(&key)) {
        if (!std::exchange(first, false)) out += ',';
        out += nlohmann::json(key).dump() + ":";
        Echo(json, out);
      }
      out += '}';
      return;
    }
    case JsonKind::kArray: {
      out += '[';
      bool first = true;
      if (!json.Enter()) return;
      while (json.NextItem()) {
        if (!std::exchange(first, false)) out += ',';
        Echo(json, out);
      }
      out += ']';
      return;
    }
    case JsonKind::kString:
      if (const auto text = json.String(1 << 20)) out += nlohmann::json(*text).dump();
      return;
    case JsonKind::kNumber:
      if (const auto number = json.Integer()) {
        out += std::to_string(*number);
      } else {
        out += "?";
      }
      return;
    case JsonKind::kTrue:
      out += "true";
      return json.Skip();
    case JsonKind::kFalse:
      out += "false";
      return json.Skip();
    case JsonKind::kNull:
      out += "null";
      return json.Skip();
  }
}

struct Outcome {
  std::string echo;
  JsonStop stop;
  uint64_t offset;
  int64_t repaired;
};

Outcome Read(std::string_view text, size_t window = 64) {
  MemorySource source(text);
  JsonStream json(source, window);
  std::string echo;
  Echo(json, echo);
  if (json.stop() == JsonStop::kNone) {
    EXPECT_TRUE(json.AtEnd()) << text;
  }
  return {echo, json.stop(), json.offset(), json.repaired()};
}

TEST(JsonStream, ReadsWhatJsonAllows) {
  const std::string text = R"( {"a": [1, -2, 3.5, 1e9, true, false, null, "", [], {}],
    "ключ": "a\"b\\c\/d\b\f\n\r\tА\u0416\ud83d\ude00", "": {"b":[[[]]]}} )";
  EXPECT_EQ(Read(text).echo,
            "{\"a\":[1,-2,?,?,true,false,null,\"\",[],{}],"
            "\"ключ\":\"a\\\"b\\\\c/d\\b\\f\\n\\r\\tАЖ😀\",\"\":{\"b\":[[[]]]}}");
  EXPECT_EQ(Read(text).stop, JsonStop::kNone);
}

// Whatever lies on the border of the window must not matter.
TEST(JsonStream, IsTheSameForEveryWindow) {
  nlohmann::json made;
  for (int i = 0; i < 60; ++i) {
    made["key " + std::string(static_cast<size_t>(i), 'k')] = {
        i,
        -i * 1000003,
        std::string(static_cast<size_t>(i * 3), 'x') + "\n\"\\😀я",
        {{"t", true}, {"f", false}, {"n", nullptr}, {"a", {1, 2, 3}}}};
  }
  for (const int indent : {-1, 1, 4}) {
    const std::string text = made.dump(indent, ' ', indent == 1);  // also with \u escapes
    const std::string expected = made.dump();
    for (size_t window = 64; window < 200; ++window) {
      ASSERT_EQ(Read(text, window).echo, expected) << "window " << window << ", indent " << indent;
    }
  }
}

TEST(JsonStream, SkippingLeadsToTheSamePlaces) {
  std::string text = "[";
  for (int i = 0; i < 50; ++i) {
    text += R"({"skip": {"a": "]}\"\\", "b": [1, {"c": "[{"}, "\\"], "d": -1.5e3},)"
            R"( "s": "\\\"", "w": true, "keep": )" +
            std::to_string(i) + "},";
  }
  text += "null]";
  for (size_t window = 64; window < 160; ++window) {
    MemorySource source(text);
    JsonStream json(source, window);
    std::vector<int64_t> kept;
    std::string_view key;
    ASSERT_EQ(json.Peek(), JsonKind::kArray);
    json.Enter();
    while (json.NextItem()) {
      if (json.Peek() != JsonKind::kObject) {
        json.Skip();
        continue;
      }
      json.Enter();
      while (json.NextKey(&key)) {
        if (key == "keep") {
          kept.push_back(json.Integer().value_or(-1));
        } else {
          json.Skip();
        }
      }
    }
    ASSERT_EQ(json.stop(), JsonStop::kNone) << window;
    ASSERT_EQ(kept.size(), 50u);
    for (size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i], static_cast<int64_t>(i));
  }
}

TEST(JsonStream, ForgivesWhatTheExporterWrites) {
  EXPECT_EQ(Read(R"(["a\x0Bb\x1f"])").echo, R"(["a\u000bb\u001f"])");
  EXPECT_EQ(Read(R"(["a\x0Bb"])").repaired, 0) << "nothing was lost";
  EXPECT_EQ(Read("[\"a\x0B\nb\"]").echo, R"(["a\u000b\nb"])");
  EXPECT_EQ(Read("\xEF\xBB\xBF[1]").echo, "[1]");
  EXPECT_EQ(Read("[1,2,]").echo, "[1,2]");
  EXPECT_EQ(Read(R"({"a":1,})").echo, R"({"a":1})");
}

TEST(JsonStream, RepairsAndCounts) {
  const auto expect = [](std::string_view text, std::string_view echo) {
    const Outcome outcome = Read(text);
    EXPECT_EQ(outcome.echo, echo);
    EXPECT_EQ(outcome.stop, JsonStop::kNone);
    EXPECT_EQ(outcome.repaired, 1) << echo;
  };
  expect("[\"a\xFF\xD0\"]", "[\"a��\"]");     // ill-formed
  expect("[\"\xED\xA0\x80\"]", "[\"���\"]");  // a surrogate in UTF-8
  expect(R"(["\ud83d"])", "[\"�\"]");         // half of a pair
  expect(R"(["\ude00\ud83d"])", "[\"��\"]");  // the wrong way round
  expect(R"(["\u12"])", "[\"�12\"]");         // not four digits
  expect(R"(["\qa"])", "[\"qa\"]");           // no such escape
  expect(R"(["a\u0000b"])", "[\"a�b\"]");     // would end a text
  expect("[\"a\0b\"]"s, "[\"a�b\"]");
}

TEST(JsonStream, StopsForGoodAndSaysWhere) {
  EXPECT_EQ(Read("").stop, JsonStop::kTruncated);
  EXPECT_EQ(Read("  ").stop, JsonStop::kTruncated);
  EXPECT_EQ(Read("[1 2]").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("[1 2]").offset, 3u);
  EXPECT_EQ(Read(R"({"a":1 "b":2})").offset, 7u);
  EXPECT_EQ(Read(R"({"a":1 "b":2})").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("[1}").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("{,}").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("{1:2}").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("[nul]").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("[NaN]").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("hello").stop, JsonStop::kMalformed);
  EXPECT_EQ(Read("\0\0\0\0"s).stop, JsonStop::kMalformed);
}

TEST(JsonStream, EveryCutIsATruncation) {
  const std::string text = R"({"a":[1,-2.5,"b\u0416\n\x0B",true,null],"c":{"d":"жж"},"e":false})";
  for (size_t size = 0; size < text.size(); ++size) {
    const Outcome outcome = Read(std::string_view(text).substr(0, size));
    EXPECT_EQ(outcome.stop, JsonStop::kTruncated) << text.substr(0, size);
    EXPECT_EQ(outcome.offset, size) << text.substr(0, size);
    MemorySource source(std::string_view(text).substr(0, size));
    JsonStream json(source, 64);
    json.Skip();
    EXPECT_EQ(json.stop(), JsonStop::kTruncated) << text.substr(0, size);
  }
}

TEST(JsonStream, RefusesDepthWithoutRecursion) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(Read(deep).stop, JsonStop::kTooDeep);
  EXPECT_EQ(Read(deep).offset, static_cast<uint64_t>(kJsonMaxDepth));
  MemorySource source(deep);
  JsonStream json(source);
  json.Skip();
  EXPECT_EQ(json.stop(), JsonStop::kTooDeep);
  const std::string allowed = std::string(kJsonMaxDepth, '[') + std::string(kJsonMaxDepth, ']');
  EXPECT_EQ(Read(allowed).stop, JsonStop::kNone);
}

TEST(JsonStream, CutsLongStringsBetweenCharacters) {
  std::string text = "[\"";
  for (int i = 0; i < 1000; ++i) text += "ж";
  text += "\", 7]";
  for (const size_t most : {0u, 1u, 2u, 99u, 100u, 1999u, 2000u}) {
    MemorySource source(text);
    JsonStream json(source, 64);
    json.Peek();
    json.Enter();
    json.NextItem();
    const auto read = json.String(most);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), most / 2 * 2);
    EXPECT_EQ(json.cut(), most < 2000 ? 1 : 0);
    EXPECT_EQ(json.repaired(), 0);
    EXPECT_TRUE(json.NextItem());
    EXPECT_EQ(json.Integer(), 7);
  }
}

TEST(JsonStream, IntegersAlsoInQuotes) {
  const auto integer = [](std::string_view text) {
    MemorySource source(text);
    JsonStream json(source);
    json.Peek();
    json.Enter();
    json.NextItem();
    return json.Integer();
  };
  EXPECT_EQ(integer("[12]"), 12);
  EXPECT_EQ(integer("[\"-12\"]"), -12);
  EXPECT_EQ(integer("[9223372036854775807]"), INT64_MAX);
  EXPECT_EQ(integer("[9223372036854775808]"), std::nullopt);
  EXPECT_EQ(integer("[1.5]"), std::nullopt);
  EXPECT_EQ(integer("[\"\"]"), std::nullopt);
  EXPECT_EQ(integer("[null]"), std::nullopt);
  EXPECT_EQ(integer("[[1]]"), std::nullopt);
}

TEST(JsonStream, NumbersLongerThanTheWindowArePassedOver) {
  const std::string text = "[" + std::string(1000, '7') + ",-" + std::string(200, '1') + ",5]";
  for (size_t window = 64; window < 300; ++window) {
    EXPECT_EQ(Read(text, window).echo, "[?,?,5]") << window;
  }
}

TEST(JsonStream, LongNumbersArePassedOverWhateverTheWindow) {
  const std::string text = "[" + std::string(36, '0') + "7," + std::string(58, '0') + "7" + ",5]";
  for (const size_t window : {64, 100, 4096}) {
    MemorySource source(text);
    JsonStream json(source, window);
    ASSERT_EQ(json.Peek(), JsonKind::kArray);
    ASSERT_TRUE(json.Enter() && json.NextItem());
    EXPECT_EQ(json.Integer(), 7);
    ASSERT_TRUE(json.NextItem());
    EXPECT_EQ(json.Integer(), std::nullopt);
    ASSERT_TRUE(json.NextItem());
    EXPECT_EQ(json.Integer(), 5);
  }
}

TEST(JsonStream, GoesBackToAPlace) {
  const std::string text = R"({"pad":"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppp",)"
                           R"("list":[1,2,3],"name":"n"})";
  for (size_t window = 64; window < 100; ++window) {
    MemorySource source(text);
    JsonStream json(source, window);
    std::string_view key;
    JsonStream::Place place;
    std::string name;
    json.Peek();
    json.Enter();
    while (json.NextKey(&key)) {
      if (key == "list") place = json.Here();
      if (key == "name") {
        name = json.String(10).value_or("");
      } else {
        json.Skip();
      }
    }
    EXPECT_TRUE(json.AtEnd());
    EXPECT_EQ(name, "n");
    ASSERT_TRUE(json.GoTo(place));
    std::string list;
    Echo(json, list);
    EXPECT_EQ(list, "[1,2,3]");
    ASSERT_TRUE(json.NextKey(&key));
    EXPECT_EQ(key, "name");
  }
}

}  // namespace
}  // namespace idiolect
