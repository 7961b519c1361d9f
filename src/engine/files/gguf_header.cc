#include "engine/files/gguf_header.h"

#include <cassert>

#include "engine/files/gguf_value_type.h"

namespace idiolect {
namespace {

using namespace gguf;

template <typename T>
void Put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}
void PutText(std::string_view text, std::string* out) {
  Put(static_cast<uint64_t>(text.size()), out);
  *out += text;
}

}  // namespace

void GgufHeader::Pair(std::string_view key, uint32_t type) {
  PutText(key, &pairs_);
  Put(type, &pairs_);
  ++pair_count_;
}

void GgufHeader::Array(std::string_view key, uint32_t element_type, uint64_t count) {
  Pair(key, kArray);
  Put(element_type, &pairs_);
  Put(count, &pairs_);
}

void GgufHeader::Text(std::string_view key, std::string_view value) {
  Pair(key, kString);
  PutText(value, &pairs_);
}

void GgufHeader::Integer(std::string_view key, int64_t value) {
  if (value >= 0 && value <= UINT32_MAX) {
    Pair(key, kU32);
    Put(static_cast<uint32_t>(value), &pairs_);
  } else {
    Pair(key, value >= 0 ? kU64 : kI64);
    Put(value, &pairs_);
  }
}

void GgufHeader::Real(std::string_view key, float value) {
  Pair(key, kF32);
  Put(value, &pairs_);
}

void GgufHeader::Flag(std::string_view key, bool value) {
  Pair(key, kBool);
  Put(static_cast<uint8_t>(value), &pairs_);
}

void GgufHeader::Texts(std::string_view key, const std::vector<std::string_view>& values) {
  Array(key, kString, values.size());
  for (const std::string_view value : values) PutText(value, &pairs_);
}

void GgufHeader::Integers(std::string_view key, const std::vector<int32_t>& values) {
  Array(key, kI32, values.size());
  for (const int32_t value : values) Put(value, &pairs_);
}

void GgufHeader::Reals(std::string_view key, const std::vector<float>& values) {
  Array(key, kF32, values.size());
  for (const float value : values) Put(value, &pairs_);
}

void GgufHeader::Flags(std::string_view key, const std::vector<bool>& values) {
  Array(key, kBool, values.size());
  for (const bool value : values) Put(static_cast<uint8_t>(value), &pairs_);
}

void GgufHeader::Octets(std::string_view key, std::string_view values) {
  Array(key, kU8, values.size());
  pairs_ += values;
}

void GgufHeader::CopyPairs(const GgufFile& from,
                           const std::function<bool(std::string_view)>& wanted) {
  for (const std::string_view key : from.Keys()) {
    if (!wanted(key)) continue;
    PutText(key, &pairs_);
    pairs_ += from.EncodedValue(key);
    ++pair_count_;
  }
}

void GgufHeader::Tensor(std::string_view name, GgmlType type, const std::vector<int64_t>& shape) {
  const GgmlTypeInfo& info = InfoOf(type);
  assert(name.size() < 64 && !shape.empty() && shape.back() % info.block_values == 0);
  PutText(name, &tensors_);
  Put(static_cast<uint32_t>(shape.size()), &tensors_);
  int64_t count = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    Put(shape[i], &tensors_);
    count *= shape[i];
  }
  Put(static_cast<uint32_t>(type), &tensors_);
  Put(static_cast<uint64_t>(data_bytes_), &tensors_);
  const int64_t bytes = count / info.block_values * info.block_bytes;
  data_bytes_ += bytes + Padding(bytes);
  ++tensor_count_;
}

std::string GgufHeader::Bytes() const {
  std::string bytes = "GGUF";
  Put(uint32_t{3}, &bytes);
  Put(tensor_count_, &bytes);
  Put(pair_count_, &bytes);
  bytes += pairs_;
  bytes += tensors_;
  bytes.resize(bytes.size() + static_cast<size_t>(Padding(static_cast<int64_t>(bytes.size()))));
  return bytes;
}

}  // namespace idiolect
