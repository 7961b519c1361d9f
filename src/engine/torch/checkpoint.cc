#include "engine/torch/checkpoint.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "engine/files/safetensors.h"

namespace idiolect {
namespace {

using nlohmann::json;

const char* const kFile = "checkpoint.safetensors";

}  // namespace

std::string CheckpointState(const Checkpoint& checkpoint) {
  json validations = json::array();
  for (const Validation& v : checkpoint.validations) {
    validations.push_back({{"step", v.step},
                           {"epoch", v.epoch},
                           {"loss", v.loss},
                           {"token_accuracy", v.token_accuracy},
                           {"reward_margin", v.reward_margin},
                           {"best", v.best}});
  }
  return json{{"key", checkpoint.key},
              {"step", checkpoint.step},
              {"validated_epochs", checkpoint.validated_epochs},
              {"validations", validations},
              {"trained_tokens", checkpoint.trained_tokens},
              {"last_loss", checkpoint.last_loss},
              {"optimizer_steps", checkpoint.optimizer_steps}}
      .dump();
}

bool ReadCheckpointState(const std::string& text, Checkpoint* checkpoint) {
  const json state = json::parse(text, nullptr, false);
  if (!state.is_object()) return false;
  try {
    checkpoint->key = state.at("key").get<std::string>();
    checkpoint->step = state.at("step").get<int64_t>();
    checkpoint->validated_epochs = state.at("validated_epochs").get<int64_t>();
    checkpoint->trained_tokens = state.at("trained_tokens").get<int64_t>();
    checkpoint->last_loss = state.at("last_loss").get<double>();
    checkpoint->optimizer_steps = state.at("optimizer_steps").get<int64_t>();
    for (const json& v : state.at("validations")) {
      checkpoint->validations.push_back(
          {v.at("step").get<int64_t>(), v.at("epoch").get<int>(), v.at("loss").get<double>(),
           v.at("token_accuracy").get<double>(), v.at("best").get<bool>(),
           v.at("reward_margin").get<double>()});
    }
  } catch (const json::exception&) {
    return false;
  }
  return true;
}

Status WriteCheckpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                       const CheckpointArrays& arrays) {
  RETURN_IF_ERROR(MakeFolders(folder));
  std::vector<SafeTensor> tensors;
  auto add = [&](const char* name, std::span<const float> values) {
    tensors.push_back({name,
                       "F32",
                       {static_cast<int64_t>(values.size())},
                       {reinterpret_cast<const char*>(values.data()), values.size_bytes()}});
  };
  add("parameters", arrays.parameters);
  add("first_moment", arrays.first_moment);
  add("second_moment", arrays.second_moment);
  if (!arrays.best.empty()) add("best", arrays.best);
  return WriteSafetensors(folder / kFile, tensors, {{"state", CheckpointState(checkpoint)}});
}

Result<std::optional<Checkpoint>> ReadCheckpoint(const std::filesystem::path& folder,
                                                 const std::string& key, int64_t parameters) {
  const std::filesystem::path path = folder / kFile;
  if (folder.empty() || !Exists(path)) return std::nullopt;
  const auto file = SafetensorsFile::Open(path);
  if (!file) return std::nullopt;
  Checkpoint checkpoint;
  const auto state = file->metadata().find("state");
  if (state == file->metadata().end() || !ReadCheckpointState(state->second, &checkpoint) ||
      checkpoint.key != key) {
    return std::nullopt;
  }
  auto read = [&](const char* name, std::vector<float>* values) {
    const SafeTensor* tensor = file->Find(name);
    if (tensor == nullptr) return false;
    auto floats = FloatsOf(*tensor);
    if (!floats || static_cast<int64_t>(floats->size()) != parameters) return false;
    *values = *std::move(floats);
    return true;
  };
  if (!read("parameters", &checkpoint.parameters) ||
      !read("first_moment", &checkpoint.first_moment) ||
      !read("second_moment", &checkpoint.second_moment)) {
    return std::nullopt;
  }
  if (file->Find("best") != nullptr && !read("best", &checkpoint.best)) return std::nullopt;
  return checkpoint;
}

}  // namespace idiolect
