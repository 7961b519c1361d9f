#pragma once
// The safetensors format: a JSON header and one contiguous buffer. The reader maps the file and
// believes nothing unchecked; the writer orders and pads as the reference does. Weights, adapters
// and checkpoints are kept in it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace idiolect {

struct SafeType {
  std::string_view name;  // "BF16"
  int bits = 0;
};
// nullptr: no such type.
const SafeType* FindSafeType(std::string_view name);

struct SafeTensor {
  std::string name;
  std::string dtype;  // a name of the format: "F32", "BF16", "I64" …
  std::vector<int64_t> shape;
  std::string_view bytes;  // row-major, little-endian; borrowed
};

// Constant after Open, hence thread-safe.
class SafetensorsFile {
 public:
  // Fails with kNotFound when there is no such file, kBadInput when it is not sound.
  static Result<SafetensorsFile> Open(const std::filesystem::path& path);
  // On bytes that the caller keeps alive. `what` names them in errors.
  static Result<SafetensorsFile> Parse(std::string_view bytes, std::string what);

  const std::vector<SafeTensor>& tensors() const { return tensors_; }  // by offset
  const SafeTensor* Find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  SafetensorsFile() = default;
  std::unique_ptr<MappedFile> file_;
  std::vector<SafeTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

// Publishes the tensors as one file; {"format":"pt"} is added to the metadata. Fails with
// kBadInput, before anything is written, when two tensors share a name, or a type or size is wrong.
Status WriteSafetensors(const std::filesystem::path& path, const std::vector<SafeTensor>& tensors,
                        std::map<std::string, std::string> metadata = {});

// A tensor whose bytes are made when their turn comes.
struct SafeTensorPlan {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
};
// Called for each plan in the file's order; gives `sink` exactly the bytes that the plan needs, in
// pieces of any size.
using ByteSink = std::function<Status(std::string_view)>;
using TensorMaker = std::function<Status(size_t plan, const ByteSink& sink)>;
// As WriteSafetensors, without holding all tensors at once. Fails with kFailed when the maker gave
// too many bytes or too few.
Status StreamSafetensors(const std::filesystem::path& path,
                         const std::vector<SafeTensorPlan>& plans,
                         std::map<std::string, std::string> metadata, const TensorMaker& make);

// Values of an F32, F16 or BF16 tensor; kBadInput for another type.
Result<std::vector<float>> FloatsOf(const SafeTensor& tensor);
// Bytes of floats, for SafeTensor::bytes; borrowed.
std::string_view BytesOf(const std::vector<float>& values);

}  // namespace idiolect
