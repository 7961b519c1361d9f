#include "engine/files/model_file.h"

#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "engine/files/hf_config.h"
#include "engine/files/quoted.h"
#include "engine/files/tokenizer_json.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexName = "model.safetensors.index.json";
constexpr const char* kWeightsName = "model.safetensors";
constexpr size_t kMostShards = 4096;

// The files that the index names, each once; without an index the one.
Result<std::vector<std::string>> ShardNames(const fs::path& folder) {
  if (!Exists(folder / kIndexName)) return std::vector<std::string>{kWeightsName};
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorKind::kBadInput, "reading " + (folder / kIndexName).string() + ": " + why,
                "fetch the folder again, whole");
  };
  ASSIGN_OR_RETURN(const std::string text, ReadFile(folder / kIndexName));
  if (NestsDeeper(text, 8)) return bad("it is nested too deep");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
    return bad("it has no weight_map");
  }
  std::set<std::string> names;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    if (!file.is_string()) return bad("weight_map holds something other than file names");
    const auto& name = file.get_ref<const std::string&>();
    if (name.empty() || name.find('/') != std::string::npos || name[0] == '.') {
      return bad("weight_map names " + Quoted(name) + ", which is no file of the folder");
    }
    names.insert(name);
  }
  if (names.empty() || names.size() > kMostShards) return bad("weight_map makes no sense");
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace

Result<ModelFile> ModelFile::Open(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return OpenFolder(path);
  if (path.filename() == "config.json" || path.extension() == ".safetensors") {
    return Fail(ErrorKind::kBadInput, "reading model " + path.string() + ": it is part of a folder",
                "give the folder that holds config.json, the weights and tokenizer.json");
  }
  ASSIGN_OR_RETURN(GgufFile file, GgufFile::Open(path));
  return FromGguf(std::move(file));
}

Result<ModelFile> ModelFile::FromGguf(GgufFile gguf) {
  ModelFile file;
  file.name_ = gguf.name();
  ASSIGN_OR_RETURN(file.config_, ReadGgufConfig(gguf));
  ASSIGN_OR_RETURN(file.tensors_, TensorsOfGguf(gguf, file.config_));
  RETURN_IF_ERROR(CheckTensors(file.tensors_, gguf.ArraySize("tokenizer.ggml.tokens").value_or(0),
                               "reading model file " + file.name_, &file.config_));
  file.gguf_ = std::make_unique<GgufFile>(std::move(gguf));
  for (size_t i = 0; i < file.tensors_.size(); ++i) file.index_[file.tensors_[i].name] = i;
  return file;
}

Result<ModelFile> ModelFile::OpenFolder(const fs::path& folder) {
  ModelFile file;
  file.folder_ = folder;
  file.name_ = folder.string();
  if (!Exists(folder / "config.json")) {
    return Fail(ErrorKind::kNotFound,
                "reading model folder " + file.name_ + ": it has no config.json",
                "give a folder with config.json, *.safetensors and tokenizer.json");
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(folder / "config.json"));
  ASSIGN_OR_RETURN(HfConfig hf, ParseHfConfig(text, (folder / "config.json").string()));
  ASSIGN_OR_RETURN(const auto names, ShardNames(folder));
  for (const std::string& name : names) {
    if (!Exists(folder / name)) {
      return Fail(
          ErrorKind::kBadInput, "reading model folder " + file.name_ + ": " + name + " is missing",
          "fetch the folder again, whole; weights in other forms (.bin, .pth) must be saved "
          "as safetensors");
    }
    ASSIGN_OR_RETURN(auto shard, SafetensorsFile::Open(folder / name));
    file.shards_.push_back(std::move(shard));
  }
  ASSIGN_OR_RETURN(file.tensors_, TensorsOfSafetensors(file.shards_, hf, file.name_));
  file.config_ = std::move(hf.config);
  file.config_.name = folder.lexically_normal().filename().string();
  RETURN_IF_ERROR(
      CheckTensors(file.tensors_, 0, "reading model folder " + file.name_, &file.config_));
  for (size_t i = 0; i < file.tensors_.size(); ++i) file.index_[file.tensors_[i].name] = i;
  return file;
}

const ModelTensor* ModelFile::FindTensor(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

int64_t ModelFile::CountParameters() const {
  int64_t count = 0;
  for (const ModelTensor& tensor : tensors_) count += tensor.Count();
  return count;
}

Result<OwnedTokenizerSpec> ModelFile::ReadTokenizerSpec() const {
  return gguf_ != nullptr ? SpecOfGguf(*gguf_) : SpecOfFolder(folder_);
}

Result<Tokenizer> ModelFile::ReadTokenizer() const {
  ASSIGN_OR_RETURN(const OwnedTokenizerSpec owned, ReadTokenizerSpec());
  ASSIGN_OR_RETURN(
      Tokenizer tokenizer,
      Tokenizer::FromSpec(owned.spec, gguf_ != nullptr ? "reading model file " + name_
                                                       : "reading the tokenizer of " + name_));
  if (tokenizer.size() > config_.vocabulary) {
    return Fail(ErrorKind::kBadInput,
                "reading the tokenizer of " + name_ + ": it has " +
                    std::to_string(tokenizer.size()) + " tokens but the model's embedding only " +
                    std::to_string(config_.vocabulary) + " rows",
                "tokenizer and weights are of different models");
  }
  return tokenizer;
}

Result<std::optional<std::string>> ModelFile::ReadTemplateText() const {
  if (gguf_ != nullptr) {
    const auto text = gguf_->Text("tokenizer.chat_template");
    return text ? std::optional<std::string>(*text) : std::nullopt;
  }
  ASSIGN_OR_RETURN(std::string text, ReadTemplateOfFolder(folder_));
  return text.empty() ? std::nullopt : std::optional<std::string>(std::move(text));
}

Result<ChatTemplate> ModelFile::ReadChatTemplate(const Tokenizer& tokenizer) const {
  ASSIGN_OR_RETURN(const auto jinja, ReadTemplateText());
  if (!jinja) return ChatTemplate::FromVocabulary(tokenizer);
  ASSIGN_OR_RETURN(auto chat_template,
                   ChatTemplate::FromTemplateText(*jinja, ChatTemplate::TokensOf(tokenizer)));
  RETURN_IF_ERROR(chat_template.CheckMarkers(tokenizer));
  return chat_template;
}

}  // namespace idiolect
