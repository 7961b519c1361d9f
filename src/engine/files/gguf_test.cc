#include "engine/files/gguf.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/files/test_gguf.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

GgufBuilder Sample() {
  GgufBuilder builder;
  builder.Text("general.architecture", "llama");
  builder.Integer("llama.block_count", 30);
  builder.Real("llama.rope.freq_base", 1e5f);
  builder.Flag("flag", true);
  builder.Texts("texts", {"a", "", "longer"});
  builder.Integers("integers", {-1, 0, 7});
  builder.Reals("reals", {0.5f, -2});
  builder.Floats("matrix", {2, 3}, {1, 2, 3, 4, 5, 6});
  builder.Tensor("packed", GgmlType::kQ8_0, {32}, std::string(34, '\x01'));
  return builder;
}

std::string ErrorOf(std::string_view bytes) {
  const auto file = GgufFile::Parse(bytes, "x.gguf");
  if (file) return "no error";
  EXPECT_EQ(file.error().kind, ErrorKind::kBadInput);
  return file.error().message;
}

TEST(GgufTest, ReadsWhatWasWritten) {
  const std::string bytes = Sample().Build();
  const auto file = GgufFile::Parse(bytes, "x.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->Text("general.architecture"), "llama");
  EXPECT_EQ(file->Integer("llama.block_count"), 30);
  EXPECT_EQ(file->Real("llama.rope.freq_base"), 1e5);
  EXPECT_EQ(file->Real("llama.block_count"), 30.0);
  EXPECT_EQ(file->Flag("flag"), true);
  EXPECT_EQ(file->Texts("texts"), (std::vector<std::string_view>{"a", "", "longer"}));
  EXPECT_EQ(file->ArraySize("texts"), 3u);
  EXPECT_EQ(file->Integers("integers"), (std::vector<int64_t>{-1, 0, 7}));
  EXPECT_EQ(file->Reals("reals"), (std::vector<float>{0.5f, -2}));
  EXPECT_EQ(file->Keys().size(), 7u);

  EXPECT_EQ(file->Integer("absent"), std::nullopt);
  EXPECT_EQ(file->Integer("general.architecture"), std::nullopt);
  EXPECT_EQ(file->Text("flag"), std::nullopt);
  EXPECT_EQ(file->Texts("integers"), std::nullopt);
  EXPECT_EQ(file->Integers("reals"), std::nullopt);

  ASSERT_EQ(file->tensors().size(), 2u);
  const GgufTensor* matrix = file->FindTensor("matrix");
  ASSERT_NE(matrix, nullptr);
  EXPECT_EQ(matrix->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(matrix->Count(), 6);
  EXPECT_EQ(matrix->bytes.size(), 24u);
  EXPECT_EQ(file->FindTensor("packed")->bytes, std::string(34, '\x01'));
  EXPECT_EQ(file->FindTensor("absent"), nullptr);
}

TEST(GgufTest, OpensFromDiskAndKeepsTheMap) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.gguf";
  std::ofstream(path) << Sample().Build();
  auto opened = GgufFile::Open(path);
  ASSERT_TRUE(opened) << opened.error().message;
  const GgufFile moved = *std::move(opened);
  EXPECT_EQ(moved.Text("general.architecture"), "llama");
  EXPECT_EQ(moved.name(), path.string());
  const auto absent = GgufFile::Open(folder.path() / "absent.gguf");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::kNotFound);
}

// Wherever the file is cut, that is an error: never a crash, never half a model.
TEST(GgufTest, RefusesEveryTruncation) {
  const std::string bytes = Sample().Build();
  const size_t last_byte_needed = bytes.size() - 30;  // 34 bytes of data, padded to 64
  for (size_t length = 0; length < last_byte_needed; ++length) {
    ASSERT_FALSE(GgufFile::Parse(std::string_view(bytes).substr(0, length), "x.gguf")) << length;
  }
  EXPECT_TRUE(GgufFile::Parse(std::string_view(bytes).substr(0, last_byte_needed), "x.gguf"));
}

TEST(GgufTest, RefusesOtherFormats) {
  EXPECT_EQ(ErrorOf("<!DOCTYPE html>"),
            "reading model file x.gguf: it does not begin with \"GGUF\"");
  std::string bytes = Sample().Build();
  bytes[4] = 1;
  EXPECT_EQ(ErrorOf(bytes),
            "reading model file x.gguf: its GGUF version is 1; 2 and 3 are supported");
  bytes[4] = 4;
  EXPECT_EQ(ErrorOf(bytes),
            "reading model file x.gguf: its GGUF version is 4; 2 and 3 are supported");
  bytes.replace(4, 4, std::string("\0\0\0\3", 4));
  EXPECT_EQ(ErrorOf(bytes),
            "reading model file x.gguf: it is a big-endian file, which is not supported");
}

TEST(GgufTest, RefusesLyingCounts) {
  const std::string good = Sample().Build();
  for (const size_t at : {size_t{8}, size_t{16}}) {  // tensors, pairs
    for (const uint64_t count : {uint64_t{1} << 63, uint64_t{1} << 32, uint64_t{100}}) {
      std::string bytes = good;
      std::memcpy(bytes.data() + at, &count, sizeof count);
      EXPECT_NE(ErrorOf(bytes), "no error") << at << " " << count;
    }
  }
}

TEST(GgufTest, RefusesHugeStringsAndArrays) {
  GgufBuilder builder;
  builder.Text("key", "value");
  std::string bytes = builder.Build();
  const uint64_t huge = ~uint64_t{0} - 4;
  std::string key_length = bytes;
  std::memcpy(key_length.data() + 24, &huge, sizeof huge);
  EXPECT_EQ(ErrorOf(key_length), "reading model file x.gguf: the file ends inside its metadata");
  std::string text_length = bytes;
  std::memcpy(text_length.data() + 24 + 8 + 3 + 4, &huge, sizeof huge);
  EXPECT_EQ(ErrorOf(text_length),
            "reading model file x.gguf: the file ends inside metadata \"key\"");

  GgufBuilder arrays;
  arrays.Reals("key", {1, 2});
  std::string array_count = arrays.Build();
  const uint64_t count = uint64_t{1} << 62;  // times four bytes wraps to zero
  std::memcpy(array_count.data() + 24 + 8 + 3 + 4 + 4, &count, sizeof count);
  EXPECT_EQ(ErrorOf(array_count),
            "reading model file x.gguf: the file ends inside metadata \"key\"");
}

TEST(GgufTest, RefusesDuplicatesAndNestedArrays) {
  GgufBuilder keys;
  keys.Integer("key", 1);
  keys.Integer("key", 2);
  EXPECT_EQ(ErrorOf(keys.Build()), "reading model file x.gguf: metadata key \"key\" occurs twice");
  GgufBuilder tensors;
  tensors.Zeros("t", {1});
  tensors.Zeros("t", {1});
  EXPECT_EQ(ErrorOf(tensors.Build()), "reading model file x.gguf: tensor \"t\" occurs twice");
  GgufBuilder nested;
  nested.Reals("key", {1});
  std::string bytes = nested.Build();
  bytes[24 + 8 + 3 + 4] = 9;
  EXPECT_EQ(ErrorOf(bytes), "reading model file x.gguf: metadata \"key\" has the unknown type 9");
}

TEST(GgufTest, RefusesBadTensors) {
  const auto with = [](GgmlType type, std::vector<int64_t> shape) {
    GgufBuilder builder;
    builder.Tensor("t", type, shape, "");
    return ErrorOf(builder.Build());
  };
  const std::string prefix = "reading model file x.gguf: ";
  EXPECT_EQ(with(GgmlType::kF32, {1, 1, 1, 1, 1}),
            prefix + "tensor \"t\" has 5 dimensions; at most 4 are allowed");
  EXPECT_EQ(with(GgmlType::kF32, {2, -3}), prefix + "tensor \"t\" has a dimension of -3");
  EXPECT_EQ(with(GgmlType::kF32, {0}), prefix + "tensor \"t\" has a dimension of 0");
  EXPECT_EQ(with(GgmlType::kQ4_0, {4, 48}),
            prefix + "tensor \"t\" has rows of 48 values, not whole blocks of Q4_0");
  EXPECT_EQ(with(GgmlType::kF32, {int64_t{1} << 40, int64_t{1} << 40}),
            prefix + "the size of tensor \"t\" overflows");
  EXPECT_EQ(with(GgmlType::kF32, {(int64_t{1} << 62), 1}),
            prefix + "the size of tensor \"t\" overflows");
  EXPECT_EQ(with(GgmlType::kF32, {1 << 20}),
            prefix + "the file ends inside the data of tensor \"t\"");
  EXPECT_EQ(with(static_cast<GgmlType>(16), {256}),
            prefix + "tensor \"t\" is of type IQ2_XXS, which is not supported");
  EXPECT_EQ(with(static_cast<GgmlType>(4), {256}),
            prefix + "tensor \"t\" is of type number 4, which is not supported");
  GgufBuilder long_name;
  long_name.Zeros(std::string(64, 'n'), {1});
  EXPECT_EQ(ErrorOf(long_name.Build()),
            prefix + "tensor name \"" + std::string(64, 'n') + "\" is longer than 63 bytes");
}

TEST(GgufTest, RefusesOverlapAndBadAlignment) {
  std::string bytes = Sample().Build();
  // The second tensor's offset is the last number of the list.
  const size_t at = bytes.find("packed") + 6 + 4 + 8 + 4;
  const uint64_t zero = 0;
  std::memcpy(bytes.data() + at, &zero, sizeof zero);
  EXPECT_EQ(ErrorOf(bytes),
            "reading model file x.gguf: tensor \"packed\" begins at 0 where 32 was due");
  for (const uint32_t alignment : {0u, 3u, 48u}) {
    GgufBuilder builder;
    builder.Integer("general.alignment", alignment);
    EXPECT_EQ(ErrorOf(builder.Build()),
              "reading model file x.gguf: general.alignment is not a power of two");
  }
  GgufBuilder wide;
  wide.Integer("general.alignment", 1u << 31);
  wide.Zeros("t", {1});
  EXPECT_EQ(ErrorOf(wide.Build()),
            "reading model file x.gguf: the file ends inside the data of tensor \"t\"");
}

}  // namespace
}  // namespace idiolect
