#pragma once
// The head of a GGUF file being written: metadata and the list of tensors. Their bytes follow it in
// the same order, each padded to kAlignment; whoever writes them keeps to what was declared.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/ggml_type.h"
#include "engine/files/gguf.h"

namespace idiolect {

class GgufHeader {
 public:
  static constexpr int64_t kAlignment = 32;

  void Text(std::string_view key, std::string_view value);
  void Integer(std::string_view key, int64_t value);  // 32 bits where it fits, else 64
  void Real(std::string_view key, float value);
  void Flag(std::string_view key, bool value);
  void Texts(std::string_view key, const std::vector<std::string_view>& values);
  void Integers(std::string_view key, const std::vector<int32_t>& values);
  void Reals(std::string_view key, const std::vector<float>& values);
  void Flags(std::string_view key, const std::vector<bool>& values);
  void Octets(std::string_view key, std::string_view values);
  // Every pair of another file whose key `wanted` says yes to, as it stands there.
  void CopyPairs(const GgufFile& from, const std::function<bool(std::string_view)>& wanted);

  // `shape` in PyTorch's order. A name longer than 63 bytes, or a row that is no whole number of
  // blocks, is the caller's bug.
  void Tensor(std::string_view name, GgmlType type, const std::vector<int64_t>& shape);

  // Magic, counts, pairs, tensors, padding.
  std::string Bytes() const;
  static int64_t Padding(int64_t bytes) { return (kAlignment - bytes % kAlignment) % kAlignment; }

 private:
  void Pair(std::string_view key, uint32_t type);
  void Array(std::string_view key, uint32_t element_type, uint64_t count);

  std::string pairs_, tensors_;
  uint64_t pair_count_ = 0, tensor_count_ = 0;
  int64_t data_bytes_ = 0;
};

}  // namespace idiolect
