#include "engine/files/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/json.h"
#include "engine/files/dequantize.h"
#include "engine/files/quoted.h"

namespace idiolect {
namespace {

constexpr SafeType kTypes[] = {
    {"F64", 64},    {"I64", 64},    {"U64", 64},    {"C64", 64},        {"F32", 32},
    {"I32", 32},    {"U32", 32},    {"BF16", 16},   {"F16", 16},        {"I16", 16},
    {"U16", 16},    {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8},     {"F8_E4M3FNUZ", 8},
    {"I8", 8},      {"U8", 8},      {"BOOL", 8},    {"F8_E5M2FNUZ", 8}, {"F6_E2M3", 6},
    {"F6_E3M2", 6}, {"F4", 4},
};

constexpr uint64_t kLongestHeader = 100'000'000;
constexpr size_t kLengthBytes = 8;

// nullopt: it overflows, or is no whole number of bytes.
std::optional<uint64_t> SizeOf(const SafeType& type, const std::vector<int64_t>& shape) {
  uint64_t bits = static_cast<uint64_t>(type.bits);
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(bits, static_cast<uint64_t>(extent), &bits)) {
      return std::nullopt;
    }
  }
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

class HeaderReader {
 public:
  explicit HeaderReader(std::string what) : what_(std::move(what)) {}

  tl::unexpected<Error> Bad(const std::string& why, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, "reading weights file " + what_ + ": " + why,
                std::move(hint));
  }

  Result<nlohmann::json> ParseHeader(std::string_view bytes) const {
    uint64_t length = 0;
    if (bytes.size() < kLengthBytes) return Bad("it is too short to be a safetensors file");
    std::memcpy(&length, bytes.data(), kLengthBytes);
    if (length > bytes.size() - kLengthBytes || length > kLongestHeader) {
      return Bad("its header claims " + std::to_string(length) + " bytes, more than it can have",
                 "give a .safetensors file, downloaded whole");
    }
    const std::string_view header = bytes.substr(kLengthBytes, length);
    if (header.empty() || header[0] != '{') return Bad("its header is no JSON object");
    // The parser keeps the last of two equal names; we must see that there were two.
    std::set<std::string> names;
    bool twice = false;
    const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
      if (depth == 1 && event == nlohmann::json::parse_event_t::key) {
        twice = twice || !names.insert(parsed.get<std::string>()).second;
      }
      return true;
    };
    auto json = nlohmann::json::parse(header, watch, false);
    if (!json.is_object()) return Bad("its header is no JSON object");
    if (twice) return Bad("two of its tensors have the same name");
    return json;
  }

  Result<std::map<std::string, std::string>> ReadMetadata(const nlohmann::json& json) const {
    std::map<std::string, std::string> metadata;
    if (!json.is_object()) return Bad("its __metadata__ is no object");
    for (const auto& [key, value] : json.items()) {
      if (!value.is_string()) return Bad("its __metadata__ holds something other than text");
      metadata[key] = value.get<std::string>();
    }
    return metadata;
  }

  static std::optional<std::vector<uint64_t>> Numbers(const nlohmann::json& object,
                                                      const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) return std::nullopt;
    std::vector<uint64_t> numbers;
    for (const auto& number : *found) {
      if (!number.is_number_unsigned()) return std::nullopt;
      numbers.push_back(number.get<uint64_t>());
    }
    return numbers;
  }

  // `begin` gets where the tensor's bytes start in `buffer`.
  Result<SafeTensor> ReadTensor(const std::string& name, const nlohmann::json& json,
                                std::string_view buffer, uint64_t* begin) const {
    const std::string who = "tensor " + Quoted(name);
    if (!json.is_object()) return Bad(who + " is not described by an object");
    const auto dtype = json.find("dtype");
    const auto shape = Numbers(json, "shape");
    const auto offsets = Numbers(json, "data_offsets");
    if (dtype == json.end() || !dtype->is_string() || !shape || !offsets || offsets->size() != 2) {
      return Bad(who + " lacks a sound dtype, shape or data_offsets");
    }
    SafeTensor tensor;
    tensor.name = name;
    tensor.dtype = dtype->get<std::string>();
    const SafeType* type = FindSafeType(tensor.dtype);
    if (type == nullptr) return Bad(who + " has the unknown dtype " + Quoted(tensor.dtype));
    for (const uint64_t extent : *shape) {
      if (extent > static_cast<uint64_t>(INT64_MAX))
        return Bad("the size of " + who + " overflows");
      tensor.shape.push_back(static_cast<int64_t>(extent));
    }
    const auto size = SizeOf(*type, tensor.shape);
    if (!size) return Bad("the size of " + who + " overflows or is no whole number of bytes");
    const uint64_t from = (*offsets)[0], to = (*offsets)[1];
    if (from > to || to > buffer.size()) return Bad(who + " lies outside of the file");
    if (to - from != *size) {
      return Bad(who + " has " + std::to_string(to - from) + " bytes where its shape needs " +
                 std::to_string(*size));
    }
    tensor.bytes = buffer.substr(from, *size);
    *begin = from;
    return tensor;
  }

 private:
  std::string what_;
};

}  // namespace

const SafeType* FindSafeType(std::string_view name) {
  for (const SafeType& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

Result<SafetensorsFile> SafetensorsFile::Parse(std::string_view bytes, std::string what) {
  const HeaderReader reader(std::move(what));
  ASSIGN_OR_RETURN(const auto json, reader.ParseHeader(bytes));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const std::string_view buffer = bytes.substr(kLengthBytes + length);
  SafetensorsFile file;
  struct Placed {
    uint64_t begin = 0;
    SafeTensor tensor;
  };
  std::vector<Placed> placed;
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      ASSIGN_OR_RETURN(file.metadata_, reader.ReadMetadata(value));
      continue;
    }
    Placed next;
    ASSIGN_OR_RETURN(next.tensor, reader.ReadTensor(name, value, buffer, &next.begin));
    placed.push_back(std::move(next));
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.tensor.bytes.size() < b.tensor.bytes.size();
  });
  uint64_t expected = 0;
  for (Placed& next : placed) {
    if (next.begin != expected) {
      return reader.Bad("tensor " + Quoted(next.tensor.name) + " begins at " +
                        std::to_string(next.begin) + " where " + std::to_string(expected) +
                        " was due");
    }
    expected += next.tensor.bytes.size();
    file.index_[next.tensor.name] = file.tensors_.size();
    file.tensors_.push_back(std::move(next.tensor));
  }
  if (expected != buffer.size()) {
    return reader.Bad("its tensors end at " + std::to_string(expected) + " but its data at " +
                      std::to_string(buffer.size()));
  }
  return file;
}

Result<SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(auto mapped, MappedFile::Open(path));
  auto kept = std::make_unique<MappedFile>(std::move(mapped));
  ASSIGN_OR_RETURN(auto file, Parse(kept->bytes(), path.string()));
  file.file_ = std::move(kept);
  return file;
}

const SafeTensor* SafetensorsFile::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

Status WriteSafetensors(const std::filesystem::path& path, const std::vector<SafeTensor>& tensors,
                        std::map<std::string, std::string> metadata) {
  std::vector<SafeTensorPlan> plans;
  for (const SafeTensor& tensor : tensors) {
    const SafeType* type = FindSafeType(tensor.dtype);
    if (type == nullptr || SizeOf(*type, tensor.shape) != tensor.bytes.size()) {
      return Fail(ErrorKind::kBadInput, "writing weights file " + path.string() + ": tensor " +
                                            Quoted(tensor.name) +
                                            " is not what its type and shape say");
    }
    plans.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  return StreamSafetensors(path, plans, std::move(metadata),
                           [&](size_t i, const ByteSink& sink) { return sink(tensors[i].bytes); });
}

Status StreamSafetensors(const std::filesystem::path& path,
                         const std::vector<SafeTensorPlan>& plans,
                         std::map<std::string, std::string> metadata, const TensorMaker& make) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorKind::kBadInput, "writing weights file " + path.string() + ": " + why);
  };
  struct Placed {
    size_t plan;
    int bits;
    uint64_t bytes;
  };
  std::vector<Placed> order;
  std::set<std::string_view> names;
  for (size_t i = 0; i < plans.size(); ++i) {
    const SafeType* type = FindSafeType(plans[i].dtype);
    const auto bytes = type == nullptr ? std::nullopt : SizeOf(*type, plans[i].shape);
    if (!bytes) return bad("tensor " + Quoted(plans[i].name) + " has no sound type and shape");
    if (plans[i].name == "__metadata__" || !names.insert(plans[i].name).second) {
      return bad("the name " + Quoted(plans[i].name) + " cannot be used twice or at all");
    }
    order.push_back({i, type->bits, *bytes});
  }
  // Wide types first, so that all stay aligned.
  std::sort(order.begin(), order.end(), [&](const Placed& a, const Placed& b) {
    return a.bits != b.bits ? a.bits > b.bits : plans[a.plan].name < plans[b.plan].name;
  });
  metadata.emplace("format", "pt");
  std::string header = "{\"__metadata__\":{";
  for (const auto& [key, value] : metadata) {
    if (header.back() != '{') header += ',';
    AppendJsonString(key, &header);
    header += ':';
    AppendJsonString(value, &header);
  }
  header += '}';
  uint64_t offset = 0;
  for (const Placed& placed : order) {
    const SafeTensorPlan& plan = plans[placed.plan];
    header += ',';
    AppendJsonString(plan.name, &header);
    header += ":{\"dtype\":\"" + plan.dtype + "\",\"shape\":[";
    for (const int64_t extent : plan.shape) {
      if (header.back() != '[') header += ',';
      header += std::to_string(extent);
    }
    const uint64_t end = offset + placed.bytes;
    header += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(end) + "]}";
    offset = end;
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  if (header.size() > kLongestHeader) return bad("there are too many tensors for one file");
  const uint64_t length = header.size();
  ASSIGN_OR_RETURN(auto file, PendingFile::Create(path));
  RETURN_IF_ERROR(file.Write({reinterpret_cast<const char*>(&length), kLengthBytes}));
  RETURN_IF_ERROR(file.Write(header));
  for (const Placed& placed : order) {
    uint64_t written = 0;
    RETURN_IF_ERROR(make(placed.plan, [&](std::string_view bytes) -> Status {
      written += bytes.size();
      return file.Write(bytes);
    }));
    if (written != placed.bytes) {
      return Fail(ErrorKind::kFailed, "writing weights file " + path.string() + ": tensor " +
                                          Quoted(plans[placed.plan].name) + " came with " +
                                          std::to_string(written) + " bytes");
    }
  }
  return file.Commit();
}

Result<std::vector<float>> FloatsOf(const SafeTensor& tensor) {
  const GgmlType type = tensor.dtype == "F32"   ? GgmlType::kF32
                        : tensor.dtype == "F16" ? GgmlType::kF16
                                                : GgmlType::kBF16;
  if (type == GgmlType::kBF16 && tensor.dtype != "BF16") {
    return Fail(ErrorKind::kBadInput, "reading tensor " + Quoted(tensor.name) + ": its type is " +
                                          tensor.dtype + " where F32, F16 or BF16 is needed");
  }
  const auto count = static_cast<int64_t>(tensor.bytes.size()) / InfoOf(type).block_bytes;
  std::vector<float> values(static_cast<size_t>(count));
  RETURN_IF_ERROR(Dequantize(type, tensor.bytes, values.data(), count));
  return values;
}

std::string_view BytesOf(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace idiolect
