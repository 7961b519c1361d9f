#pragma once
// Reads GGUF files (versions 2 and 3, little-endian): the metadata and where each tensor's bytes
// lie. The file is mapped, not loaded; nothing is copied but names. Everything the header claims is
// checked against the file's size before it is believed, so that a truncated or lying file is an
// error and never a crash. What the tensors mean is model_config.h's business, how their bytes
// become numbers is dequantize.h's.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/files/ggml_type.h"

namespace idiolect {

// `name` and `bytes` are views into the mapped file and live as long as the GgufFile.
struct GgufTensor {
  std::string_view name;
  GgmlType type = GgmlType::kF32;
  std::vector<int64_t> shape;  // as PyTorch says it: rows first, the contiguous dimension last
  std::string_view bytes;      // exactly as many as type and shape need

  int64_t Count() const;  // product of the shape
};

// Constant after Open, hence thread-safe.
class GgufFile {
 public:
  // Fails with kNotFound when there is no such file, kBadInput when it is no sound GGUF file.
  static Result<GgufFile> Open(const std::filesystem::path& path);
  // The same on bytes that the caller keeps alive. `what` names them in errors.
  static Result<GgufFile> Parse(std::string_view bytes, std::string what);

  // Metadata. nullopt: no such key, or a value of another kind. Integers of every width and bools
  // count as integers; floats of both widths, and integers, as reals. Views live as long as this.
  std::optional<int64_t> Integer(std::string_view key) const;
  std::optional<double> Real(std::string_view key) const;
  std::optional<bool> Flag(std::string_view key) const;
  std::optional<std::string_view> Text(std::string_view key) const;
  std::optional<std::vector<int64_t>> Integers(std::string_view key) const;
  std::optional<std::vector<float>> Reals(std::string_view key) const;
  std::optional<std::vector<std::string_view>> Texts(std::string_view key) const;
  // How many elements an array has.
  std::optional<uint64_t> ArraySize(std::string_view key) const;
  std::vector<std::string_view> Keys() const;
  // A value as the file has it, its type before it: for copying it into another. The key must be
  // there.
  std::string EncodedValue(std::string_view key) const;

  // In file order.
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* FindTensor(std::string_view name) const;

  const std::string& name() const { return name_; }  // the path, for messages

 private:
  friend class GgufParser;
  // A value is kept as its bytes in the file; arrays have been walked once, so reading cannot fail.
  struct Value {
    uint32_t type = 0;
    uint32_t element_type = 0;  // of an array
    uint64_t count = 1;
    std::string_view bytes;
  };
  GgufFile() = default;
  const Value* Find(std::string_view key) const;

  std::unique_ptr<MappedFile> file_;  // null after Parse
  std::string name_;
  std::map<std::string_view, Value> values_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string_view, size_t> tensor_index_;
};

}  // namespace idiolect
