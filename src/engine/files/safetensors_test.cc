#include "engine/files/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

std::string WithHeader(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::string ErrorOf(const std::string& bytes) {
  const auto file = SafetensorsFile::Parse(bytes, "x");
  if (file) return "no error";
  EXPECT_EQ(file.error().kind, ErrorKind::kBadInput);
  const std::string prefix = "reading weights file x: ";
  EXPECT_EQ(file.error().message.substr(0, prefix.size()), prefix);
  return file.error().message.substr(prefix.size());
}

TEST(SafetensorsTest, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.safetensors";
  const std::vector<float> matrix = {1, -2, 3, 4.5f, 0, 7};
  const std::string bytes = "\1\2\3";
  ASSERT_TRUE(WriteSafetensors(path,
                               {{"z.bytes", "U8", {3}, bytes},
                                {"matrix", "F32", {2, 3}, BytesOf(matrix)},
                                {"empty", "BF16", {0, 4}, ""},
                                {"scalar \"quoted\"", "F32", {}, BytesOf(matrix).substr(0, 4)}},
                               {{"step", "7"}}));
  const auto file = SafetensorsFile::Open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata(),
            (std::map<std::string, std::string>{{"format", "pt"}, {"step", "7"}}));
  ASSERT_EQ(file->tensors().size(), 4u);
  EXPECT_EQ(file->tensors()[0].name, "matrix");  // widest first, then by name
  EXPECT_EQ(file->tensors().back().name, "z.bytes");
  EXPECT_EQ(*FloatsOf(*file->Find("matrix")), matrix);
  EXPECT_EQ(file->Find("z.bytes")->bytes, bytes);
  EXPECT_EQ(file->Find("scalar \"quoted\"")->shape, std::vector<int64_t>{});
  EXPECT_EQ(file->Find("absent"), nullptr);
  EXPECT_EQ(FloatsOf(*file->Find("z.bytes")).error().message,
            "reading tensor \"z.bytes\": its type is U8 where F32, F16 or BF16 is needed");
  std::ifstream in(path, std::ios::binary);
  uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), 8);
  EXPECT_EQ(length % 8, 0u);
}

TEST(SafetensorsTest, RefusesEveryTruncation) {
  const std::string bytes =
      WithHeader(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", std::string(8, 'x'));
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(ErrorOf(bytes.substr(0, length)), "no error") << length;
  }
  EXPECT_EQ(ErrorOf(bytes), "no error");
}

TEST(SafetensorsTest, RefusesLyingHeaders) {
  const auto one = [](const std::string& tensor, size_t data) {
    return ErrorOf(WithHeader("{\"a\":" + tensor + "}", std::string(data, 'x')));
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", 4),
            "tensor \"a\" has 4 bytes where its shape needs 8");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 12),
            "its tensors end at 8 but its data at 12");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})", 8),
            "tensor \"a\" begins at 4 where 0 was due");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[1],"data_offsets":[8,4]})", 8),
            "tensor \"a\" lies outside of the file");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})", 0),
            "the size of tensor \"a\" overflows or is no whole number of bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", 4),
            "tensor \"a\" lacks a sound dtype, shape or data_offsets");
  EXPECT_EQ(one(R"({"dtype":"F4","shape":[1],"data_offsets":[0,1]})", 1),
            "the size of tensor \"a\" overflows or is no whole number of bytes");
  EXPECT_EQ(one(R"({"dtype":"X9","shape":[1],"data_offsets":[0,1]})", 1),
            "tensor \"a\" has the unknown dtype \"X9\"");
  EXPECT_EQ(one("[]", 0), "tensor \"a\" is not described by an object");
  const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  const std::string b = R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]})";
  EXPECT_EQ(ErrorOf(WithHeader("{" + a + "," + b + "}", "123456")),
            "tensor \"b\" begins at 2 where 4 was due");
  EXPECT_EQ(ErrorOf(WithHeader("{" + a + "," + a + "}", "1234")),
            "two of its tensors have the same name");
  EXPECT_EQ(ErrorOf(WithHeader("[1]", "")), "its header is no JSON object");
  EXPECT_EQ(ErrorOf(WithHeader(R"({"__metadata__":{"a":1}})", "")),
            "its __metadata__ holds something other than text");
  std::string huge = WithHeader("{}", "");
  huge[7] = '\x7f';
  EXPECT_EQ(ErrorOf(huge), "its header claims 9151314442816847874 bytes, more than it can have");
}

TEST(SafetensorsTest, RefusesToWriteNonsense) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.safetensors";
  EXPECT_FALSE(WriteSafetensors(path, {{"a", "F32", {2}, "1234"}}));
  EXPECT_FALSE(WriteSafetensors(path, {{"a", "U8", {1}, "1"}, {"a", "U8", {1}, "1"}}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace idiolect
