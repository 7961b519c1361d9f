#pragma once
// The number formats of tensors in GGUF files: names, and how many values share how many bytes.

#include <cstdint>
#include <string>
#include <string_view>

namespace idiolect {

// Numbers as in the file format; never renumber. Q8_K and the like that never occur in files, and
// formats that were withdrawn, are left out.
enum class GgmlType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kIQ4_XS = 23,
  kBF16 = 30,
  kMXFP4 = 39,
};

struct GgmlTypeInfo {
  GgmlType type;
  std::string_view name;  // "Q4_K"
  int64_t block_values;   // values in one block; a row is whole blocks
  int64_t block_bytes;
};

// nullptr: a format this program cannot read. The pointer is to a constant table.
const GgmlTypeInfo* FindGgmlType(uint32_t number);
const GgmlTypeInfo& InfoOf(GgmlType type);
// The name of any format ever given a number, for messages: "IQ2_XXS", or "number 99" for none.
std::string NameOfGgmlType(uint32_t number);

}  // namespace idiolect
