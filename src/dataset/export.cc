#include "dataset/export.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "dataset/reader.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

constexpr ExportFormatInfo kFormats[] = {
    {ExportFormat::kOpenAi, "openai"},
    {ExportFormat::kShareGpt, "sharegpt"},
    {ExportFormat::kAlpaca, "alpaca"},
    {ExportFormat::kTrl, "trl"},
    {ExportFormat::kLlamaFactory, "llamafactory"},
    {ExportFormat::kAxolotl, "axolotl"},
    {ExportFormat::kGemini, "gemini"},
    {ExportFormat::kPreference, "preference"},
};

Json MessageJson(const ChatMessage& message) {
  return {{"role", message.role}, {"content", message.content}};
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json MessagesJson(const TrainingSample& sample, size_t count) {
  Json messages = Json::array();
  for (size_t i = 0; i < count; ++i) messages.push_back(MessageJson(sample[i]));
  return messages;
}

Json OpenAi(const TrainingSample& sample) {
  Json messages = Json::array();
  for (const ChatMessage& message : sample) {
    Json json = MessageJson(message);
    if (message.role == "assistant" && !message.learned) json["weight"] = 0;
    messages.push_back(std::move(json));
  }
  return {{"messages", std::move(messages)}};
}

Json ShareGpt(const TrainingSample& sample) {
  Json turns = Json::array();
  for (const ChatMessage& message : sample) {
    const char* from = message.role == "assistant" ? "gpt"
                       : message.role == "system"  ? "system"
                                                   : "human";
    turns.push_back({{"from", from}, {"value", message.content}});
  }
  return {{"conversations", std::move(turns)}};
}

// The question and answer at the end; what stood before them is the history.
Json Alpaca(const TrainingSample& sample) {
  Json json = {{"instruction", ""}, {"input", ""}, {"output", sample.back().content}};
  Json history = Json::array();
  for (size_t i = 0; i + 1 < sample.size(); ++i) {
    const ChatMessage& message = sample[i];
    if (message.role == "system") {
      json["system"] = message.content;
    } else if (message.role == "user" && i + 2 == sample.size()) {
      json["instruction"] = message.content;
    } else if (message.role == "user" && sample[i + 1].role == "assistant") {
      history.push_back({message.content, sample[i + 1].content});
    }
  }
  if (!history.empty()) json["history"] = std::move(history);
  return json;
}

Json Trl(const TrainingSample& sample) {
  return {{"prompt", MessagesJson(sample, sample.size() - 1)},
          {"completion", Json::array({MessageJson(sample.back())})}};
}

// "train": false where OpenAI has weight 0; only what the assistant says is ever trained on.
Json Axolotl(const TrainingSample& sample) {
  Json messages = Json::array();
  for (const ChatMessage& message : sample) {
    Json json = MessageJson(message);
    json["train"] = message.role == "assistant" && message.learned;
    messages.push_back(std::move(json));
  }
  return {{"messages", std::move(messages)}};
}

Json Gemini(const TrainingSample& sample) {
  Json json = Json::object();
  Json contents = Json::array();
  for (const ChatMessage& message : sample) {
    Json parts = Json::array({{{"text", message.content}}});
    if (message.role == "system") {
      json["systemInstruction"] = {{"role", "system"}, {"parts", std::move(parts)}};
    } else {
      contents.push_back(
          {{"role", message.role == "assistant" ? "model" : "user"}, {"parts", std::move(parts)}});
    }
  }
  json["contents"] = std::move(contents);
  return json;
}

Json Preference(const TrainingSample& sample, std::string_view rejected) {
  return {{"prompt", MessagesJson(sample, sample.size() - 1)},
          {"chosen", Json::array({MessageJson(sample.back())})},
          {"rejected", Json::array({{{"role", "assistant"}, {"content", rejected}}})}};
}

// OpenAI's own form of the same.
Json OpenAiPreference(const TrainingSample& sample, std::string_view rejected) {
  return {
      {"input", {{"messages", MessagesJson(sample, sample.size() - 1)}}},
      {"preferred_completion", Json::array({MessageJson(sample.back())})},
      {"non_preferred_completion", Json::array({{{"role", "assistant"}, {"content", rejected}}})}};
}

struct Part {
  const char* name;
  std::vector<TrainingSample> samples;
};

Result<std::vector<Part>> ReadParts(const std::filesystem::path& dataset) {
  std::vector<Part> parts;
  for (const char* name : {"train", "valid", "test"}) {
    const auto file = dataset / (std::string(name) + ".jsonl");
    if (!Exists(file)) continue;
    ASSIGN_OR_RETURN(auto samples, ReadSamples(file));
    if (!samples.empty()) parts.push_back({name, std::move(samples)});
  }
  if (parts.empty()) {
    return Fail(ErrorKind::kBadInput, "exporting " + dataset.string() + ": it holds no samples",
                "build a dataset: idiolect build");
  }
  return parts;
}

// JSON arrays for trainers whose examples are that, lines for the others; both load either.
bool IsArray(ExportFormat format) {
  return format == ExportFormat::kAlpaca || format == ExportFormat::kLlamaFactory;
}

std::string PartText(const Part& part, ExportFormat format) {
  std::string text = IsArray(format) ? "[\n" : "";
  for (size_t i = 0; i < part.samples.size(); ++i) {
    text += ExportSample(part.samples[i], format);
    text += IsArray(format) && i + 1 < part.samples.size() ? ",\n" : "\n";
  }
  if (IsArray(format)) text += "]\n";
  return text;
}

// LLaMA-Factory finds a dataset by this file; `--dataset NAME_train --eval_dataset NAME_valid`.
std::string DatasetInfo(const std::vector<Part>& parts, const std::string& name) {
  Json info = Json::object();
  for (const Part& part : parts) {
    info[name + "_" + part.name] = {{"file_name", std::string(part.name) + ".json"},
                                    {"formatting", "sharegpt"},
                                    {"columns", {{"messages", "messages"}}},
                                    {"tags",
                                     {{"role_tag", "role"},
                                      {"content_tag", "content"},
                                      {"user_tag", "user"},
                                      {"assistant_tag", "assistant"},
                                      {"system_tag", "system"}}}};
  }
  return info.dump(2) + "\n";
}

std::string AxolotlConfiguration(const std::vector<Part>& parts, const std::string& base_model) {
  const auto dataset = [](const char* part) {
    return std::string("  - path: ") + part +
           ".jsonl\n"
           "    ds_type: json\n"
           "    type: chat_template\n"
           "    field_messages: messages\n"
           "    message_property_mappings:\n"
           "      role: role\n"
           "      content: content\n"
           "    roles_to_train: []\n"
           "    message_field_training: train\n"
           "    train_on_eos: turn\n";
  };
  std::string yaml = "# axolotl train axolotl.yaml, in this folder\n";
  yaml += "base_model: " + (base_model.empty() ? "google/gemma-3-270m-it" : base_model) + "\n";
  yaml += "chat_template: tokenizer_default\ndatasets:\n" + dataset("train");
  for (const Part& part : parts) {
    if (std::string_view(part.name) == "valid") yaml += "test_datasets:\n" + dataset("valid");
  }
  yaml +=
      "sequence_len: 1024\nadapter: lora\nlora_r: 16\nlora_alpha: 32\nlora_target_linear: true\n"
      "sample_packing: true\nmicro_batch_size: 1\ngradient_accumulation_steps: 4\nnum_epochs: 2\n"
      "optimizer: adamw_torch\nlr_scheduler: cosine\nlearning_rate: 0.0002\nbf16: auto\n"
      "output_dir: ./out\n";
  return yaml;
}

Result<std::vector<ExportedFile>> ExportPreference(const std::vector<Part>& parts,
                                                   const std::filesystem::path& out,
                                                   const ExportOptions& options) {
  if (!options.rejected) {
    return Fail(ErrorKind::kMisuse,
                "exporting preferences: each needs an answer that is not the person's",
                "add --dpo, and the base model answers; idiolect models says which are here");
  }
  std::vector<ExportedFile> files;
  size_t left = options.most_pairs == 0 ? SIZE_MAX : options.most_pairs;
  for (const Part& part : parts) {
    if (std::string_view(part.name) == "test") continue;  // kept for judging, by nothing trained on
    std::string lines, openai;
    int64_t count = 0;
    for (const TrainingSample& sample : part.samples) {
      if (left == 0) break;
      const std::vector<ChatMessage> prompt(sample.begin(), sample.end() - 1);
      ASSIGN_OR_RETURN(const auto rejected, options.rejected(prompt));
      if (!rejected) continue;
      lines += Dump(Preference(sample, *rejected)) + "\n";
      openai += Dump(OpenAiPreference(sample, *rejected)) + "\n";
      ++count;
      --left;
    }
    if (count == 0) continue;
    const std::string name = std::string("preference_") + part.name + ".jsonl";
    const std::string openai_name = std::string("preference_openai_") + part.name + ".jsonl";
    RETURN_IF_ERROR(PublishFile(out / name, lines));
    RETURN_IF_ERROR(PublishFile(out / openai_name, openai));
    files.push_back({name, count});
    files.push_back({openai_name, count});
  }
  return files;
}

}  // namespace

std::vector<ExportFormatInfo> ExportFormats() {
  return {std::begin(kFormats), std::end(kFormats)};
}

std::optional<ExportFormat> ExportFormatOf(std::string_view name) {
  for (const ExportFormatInfo& info : kFormats) {
    if (name == info.name) return info.format;
  }
  return std::nullopt;
}

std::string ExportSample(const TrainingSample& sample, ExportFormat format,
                         std::string_view rejected) {
  switch (format) {
    case ExportFormat::kOpenAi:
      return Dump(OpenAi(sample));
    case ExportFormat::kShareGpt:
      return Dump(ShareGpt(sample));
    case ExportFormat::kAlpaca:
      return Dump(Alpaca(sample));
    case ExportFormat::kTrl:
      return Dump(Trl(sample));
    case ExportFormat::kLlamaFactory:
      return Dump({{"messages", MessagesJson(sample, sample.size())}});
    case ExportFormat::kAxolotl:
      return Dump(Axolotl(sample));
    case ExportFormat::kGemini:
      return Dump(Gemini(sample));
    case ExportFormat::kPreference:
      return Dump(Preference(sample, rejected));
  }
  return {};
}

Result<std::vector<ExportedFile>> ExportDataset(const std::filesystem::path& dataset,
                                                const std::filesystem::path& out,
                                                const ExportOptions& options) {
  ASSIGN_OR_RETURN(const auto parts, ReadParts(dataset));
  RETURN_IF_ERROR(MakeFolders(out));
  if (options.format == ExportFormat::kPreference) return ExportPreference(parts, out, options);
  std::vector<ExportedFile> files;
  for (const Part& part : parts) {
    const std::string name =
        std::string(part.name) + (IsArray(options.format) ? ".json" : ".jsonl");
    RETURN_IF_ERROR(PublishFile(out / name, PartText(part, options.format)));
    files.push_back({name, static_cast<int64_t>(part.samples.size())});
  }
  if (options.format == ExportFormat::kLlamaFactory) {
    RETURN_IF_ERROR(PublishFile(out / "dataset_info.json", DatasetInfo(parts, options.name)));
    files.push_back({"dataset_info.json", 0});
  }
  if (options.format == ExportFormat::kAxolotl) {
    RETURN_IF_ERROR(
        PublishFile(out / "axolotl.yaml", AxolotlConfiguration(parts, options.base_model)));
    files.push_back({"axolotl.yaml", 0});
  }
  return files;
}

}  // namespace idiolect
