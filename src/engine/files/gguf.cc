#include "engine/files/gguf.h"

#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "engine/files/gguf_value_type.h"
#include "engine/files/quoted.h"

namespace idiolect {
namespace {

using namespace gguf;

// 0: not of a fixed size.
constexpr size_t SizeOf(uint32_t type) {
  switch (type) {
    case kU8:
    case kI8:
    case kBool:
      return 1;
    case kU16:
    case kI16:
      return 2;
    case kU32:
    case kI32:
    case kF32:
      return 4;
    case kU64:
    case kI64:
    case kF64:
      return 8;
    default:
      return 0;
  }
}

template <typename T>
T Load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

std::optional<int64_t> IntegerAt(uint32_t type, const char* at) {
  switch (type) {
    case kU8:
      return Load<uint8_t>(at);
    case kI8:
      return Load<int8_t>(at);
    case kBool:
      return Load<uint8_t>(at) != 0;
    case kU16:
      return Load<uint16_t>(at);
    case kI16:
      return Load<int16_t>(at);
    case kU32:
      return Load<uint32_t>(at);
    case kI32:
      return Load<int32_t>(at);
    case kI64:
      return Load<int64_t>(at);
    case kU64: {
      const auto value = Load<uint64_t>(at);
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> RealAt(uint32_t type, const char* at) {
  if (type == kF32) return Load<float>(at);
  if (type == kF64) return Load<double>(at);
  if (const auto integer = IntegerAt(type, at)) return static_cast<double>(*integer);
  return std::nullopt;
}

constexpr uint64_t kDefaultAlignment = 32;
constexpr size_t kLongestTensorName = 63;
constexpr uint32_t kMostDimensions = 4;

}  // namespace

// Walks the header once. Each step checks that what it is about to read lies inside the file.
class GgufParser {
 public:
  GgufParser(std::string_view bytes, GgufFile* file) : bytes_(bytes), file_(file) {}

  Status Run() {
    uint64_t tensors = 0, pairs = 0;
    RETURN_IF_ERROR(ReadPreamble(&tensors, &pairs));
    for (uint64_t i = 0; i < pairs; ++i) RETURN_IF_ERROR(ReadPair());
    std::vector<uint64_t> offsets;
    for (uint64_t i = 0; i < tensors; ++i) RETURN_IF_ERROR(ReadTensorInfo(&offsets));
    return PlaceTensors(offsets);
  }

 private:
  tl::unexpected<Error> Bad(const std::string& what, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, "reading model file " + file_->name_ + ": " + what,
                std::move(hint));
  }
  tl::unexpected<Error> CutOff(const std::string& where) const {
    return Bad("the file ends inside " + where, "download it again: it looks cut off");
  }

  size_t Left() const { return bytes_.size() - at_; }

  template <typename T>
  bool Read(T* value) {
    if (Left() < sizeof(T)) return false;
    *value = Load<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return true;
  }

  bool ReadString(std::string_view* text) {
    uint64_t length = 0;
    if (!Read(&length) || length > Left()) return false;
    *text = bytes_.substr(at_, length);
    at_ += length;
    return true;
  }

  Status ReadPreamble(uint64_t* tensors, uint64_t* pairs) {
    if (bytes_.substr(0, 4) != "GGUF") {
      return Bad("it does not begin with \"GGUF\"", "give a .gguf file");
    }
    at_ = 4;
    uint32_t version = 0;
    if (!Read(&version)) return CutOff("the first line of its header");
    if ((version & 0xffff) == 0) {
      return Bad("it is a big-endian file, which is not supported",
                 "take the little-endian file of the same model");
    }
    if (version != 2 && version != 3) {
      return Bad("its GGUF version is " + std::to_string(version) + "; 2 and 3 are supported",
                 version == 1 ? "convert it again with a current llama.cpp" : "");
    }
    if (!Read(tensors) || !Read(pairs)) return CutOff("the first line of its header");
    // The smallest pair: key length, type, one byte. The smallest tensor: name length, dimensions,
    // type, offset. So no count can make us reserve more than the file could hold.
    if (*pairs > Left() / 13 || *tensors > Left() / 24) {
      return Bad("its header claims " + std::to_string(*tensors) + " tensors and " +
                     std::to_string(*pairs) + " metadata pairs, more than the file could hold",
                 "download it again: it looks damaged");
    }
    return {};
  }

  Status ReadPair() {
    std::string_view key;
    uint32_t type = 0;
    if (!ReadString(&key) || !Read(&type)) return CutOff("its metadata");
    GgufFile::Value value;
    value.type = type;
    if (type == kArray) {
      if (!Read(&value.element_type) || !Read(&value.count)) {
        return CutOff("metadata " + Quoted(key));
      }
      RETURN_IF_ERROR(SkipValues(key, value.element_type, value.count, &value.bytes));
    } else {
      RETURN_IF_ERROR(SkipValues(key, type, 1, &value.bytes));
    }
    if (!file_->values_.emplace(key, value).second) {
      return Bad("metadata key " + Quoted(key) + " occurs twice");
    }
    return {};
  }

  Status SkipValues(std::string_view key, uint32_t type, uint64_t count, std::string_view* bytes) {
    const size_t begin = at_;
    if (type == kString) {
      for (uint64_t i = 0; i < count; ++i) {
        std::string_view text;
        if (!ReadString(&text)) return CutOff("metadata " + Quoted(key));
      }
    } else {
      const size_t size = SizeOf(type);
      if (size == 0) {
        return Bad("metadata " + Quoted(key) + " has the unknown type " + std::to_string(type));
      }
      if (count > Left() / size) return CutOff("metadata " + Quoted(key));
      at_ += size * count;
    }
    *bytes = bytes_.substr(begin, at_ - begin);
    return {};
  }

  Status ReadTensorInfo(std::vector<uint64_t>* offsets) {
    GgufTensor tensor;
    uint32_t dimensions = 0, type = 0;
    uint64_t offset = 0;
    if (!ReadString(&tensor.name) || !Read(&dimensions)) return CutOff("its list of tensors");
    if (tensor.name.size() > kLongestTensorName) {
      return Bad("tensor name " + Quoted(tensor.name) + " is longer than 63 bytes");
    }
    const std::string who = "tensor " + Quoted(tensor.name);
    if (dimensions > kMostDimensions) {
      return Bad(who + " has " + std::to_string(dimensions) + " dimensions; at most 4 are allowed");
    }
    tensor.shape.resize(dimensions);
    for (uint32_t i = 0; i < dimensions; ++i) {
      int64_t extent = 0;
      if (!Read(&extent)) return CutOff("its list of tensors");
      if (extent < 1) return Bad(who + " has a dimension of " + std::to_string(extent));
      tensor.shape[dimensions - 1 - i] = extent;  // the file lists the fastest first
    }
    if (!Read(&type) || !Read(&offset)) return CutOff("its list of tensors");
    const GgmlTypeInfo* info = FindGgmlType(type);
    if (info == nullptr) {
      return Bad(who + " is of type " + NameOfGgmlType(type) + ", which is not supported",
                 "take a file in F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K, IQ4_NL, "
                 "IQ4_XS or MXFP4");
    }
    tensor.type = info->type;
    int64_t count = 1, size = 0;
    for (const int64_t extent : tensor.shape) {
      if (__builtin_mul_overflow(count, extent, &count)) {
        return Bad("the size of " + who + " overflows");
      }
    }
    const int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
    if (row % info->block_values != 0) {
      return Bad(who + " has rows of " + std::to_string(row) + " values, not whole blocks of " +
                 std::string(info->name));
    }
    if (__builtin_mul_overflow(count / info->block_values, info->block_bytes, &size)) {
      return Bad("the size of " + who + " overflows");
    }
    // The bytes get their place once the list's end, and so the data's start, is known.
    tensor.bytes = std::string_view(nullptr, 0);
    if (static_cast<uint64_t>(size) > bytes_.size()) return CutOff("the data of " + who);
    sizes_.push_back(static_cast<uint64_t>(size));
    offsets->push_back(offset);
    if (!file_->tensor_index_.emplace(tensor.name, file_->tensors_.size()).second) {
      return Bad(who + " occurs twice");
    }
    file_->tensors_.push_back(std::move(tensor));
    return {};
  }

  // Offsets must be the running sum of the padded sizes; with that, tensors are aligned and cannot
  // overlap.
  Status PlaceTensors(const std::vector<uint64_t>& offsets) {
    uint64_t alignment = kDefaultAlignment;
    if (const auto* value = file_->Find("general.alignment")) {
      const auto given = value->type == kU32 ? Load<uint32_t>(value->bytes.data()) : 0;
      if (given == 0 || (given & (given - 1)) != 0) {
        return Bad("general.alignment is not a power of two");
      }
      alignment = given;
    }
    const auto pad = [alignment](uint64_t n) { return (n + alignment - 1) & ~(alignment - 1); };
    const uint64_t start = pad(at_);  // no overflow: at_ is within a file, alignment within 32 bits
    uint64_t expected = 0;
    for (size_t i = 0; i < offsets.size(); ++i) {
      GgufTensor& tensor = file_->tensors_[i];
      if (offsets[i] != expected) {
        return Bad("tensor " + Quoted(tensor.name) + " begins at " + std::to_string(offsets[i]) +
                       " where " + std::to_string(expected) + " was due",
                   "download it again: it looks damaged");
      }
      // `expected` never exceeds the file's size plus one padding, so the sums cannot overflow.
      if (start + expected + sizes_[i] > bytes_.size()) {
        return CutOff("the data of tensor " + Quoted(tensor.name));
      }
      tensor.bytes = bytes_.substr(start + expected, sizes_[i]);
      expected = pad(expected + sizes_[i]);
    }
    return {};
  }

  std::string_view bytes_;
  GgufFile* file_;
  size_t at_ = 0;
  std::vector<uint64_t> sizes_;
};

int64_t GgufTensor::Count() const {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

Result<GgufFile> GgufFile::Parse(std::string_view bytes, std::string what) {
  GgufFile file;
  file.name_ = std::move(what);
  RETURN_IF_ERROR(GgufParser(bytes, &file).Run());
  return file;
}

Result<GgufFile> GgufFile::Open(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(auto mapped, MappedFile::Open(path));
  auto kept = std::make_unique<MappedFile>(std::move(mapped));
  ASSIGN_OR_RETURN(auto file, Parse(kept->bytes(), path.string()));
  file.file_ = std::move(kept);
  return file;
}

const GgufFile::Value* GgufFile::Find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<int64_t> GgufFile::Integer(std::string_view key) const {
  const Value* value = Find(key);
  return value == nullptr ? std::nullopt : IntegerAt(value->type, value->bytes.data());
}

std::optional<double> GgufFile::Real(std::string_view key) const {
  const Value* value = Find(key);
  return value == nullptr ? std::nullopt : RealAt(value->type, value->bytes.data());
}

std::optional<bool> GgufFile::Flag(std::string_view key) const {
  const Value* value = Find(key);
  if (value == nullptr || value->type != kBool) return std::nullopt;
  return value->bytes[0] != 0;
}

std::optional<std::string_view> GgufFile::Text(std::string_view key) const {
  const Value* value = Find(key);
  if (value == nullptr || value->type != kString) return std::nullopt;
  return value->bytes.substr(sizeof(uint64_t));
}

std::optional<std::vector<int64_t>> GgufFile::Integers(std::string_view key) const {
  const Value* value = Find(key);
  if (value == nullptr || value->type != kArray || value->element_type == kString) {
    return std::nullopt;
  }
  std::vector<int64_t> result(value->count);
  for (uint64_t i = 0; i < value->count; ++i) {
    const char* at = value->bytes.data() + i * SizeOf(value->element_type);
    const auto integer = IntegerAt(value->element_type, at);
    if (!integer) return std::nullopt;
    result[i] = *integer;
  }
  return result;
}

std::optional<std::vector<float>> GgufFile::Reals(std::string_view key) const {
  const Value* value = Find(key);
  if (value == nullptr || value->type != kArray || value->element_type == kString) {
    return std::nullopt;
  }
  std::vector<float> result(value->count);
  for (uint64_t i = 0; i < value->count; ++i) {
    const char* at = value->bytes.data() + i * SizeOf(value->element_type);
    const auto real = RealAt(value->element_type, at);
    if (!real) return std::nullopt;
    result[i] = static_cast<float>(*real);
  }
  return result;
}

std::optional<std::vector<std::string_view>> GgufFile::Texts(std::string_view key) const {
  const Value* value = Find(key);
  if (value == nullptr || value->type != kArray || value->element_type != kString) {
    return std::nullopt;
  }
  std::vector<std::string_view> result(value->count);
  size_t at = 0;
  for (std::string_view& text : result) {
    const auto length = Load<uint64_t>(value->bytes.data() + at);
    text = value->bytes.substr(at + sizeof length, length);
    at += sizeof length + length;
  }
  return result;
}

std::optional<uint64_t> GgufFile::ArraySize(std::string_view key) const {
  const Value* value = Find(key);
  if (value == nullptr || value->type != kArray) return std::nullopt;
  return value->count;
}

std::string GgufFile::EncodedValue(std::string_view key) const {
  const Value& value = *Find(key);
  std::string encoded(reinterpret_cast<const char*>(&value.type), sizeof value.type);
  if (value.type == kArray) {
    encoded.append(reinterpret_cast<const char*>(&value.element_type), sizeof value.element_type);
    encoded.append(reinterpret_cast<const char*>(&value.count), sizeof value.count);
  }
  encoded += value.bytes;
  return encoded;
}

std::vector<std::string_view> GgufFile::Keys() const {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : values_) keys.push_back(key);
  return keys;
}

const GgufTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace idiolect
