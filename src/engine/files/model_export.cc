#include "engine/files/model_export.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/file.h"
#include "engine/files/chat_export.h"
#include "engine/files/dequantize.h"
#include "engine/files/gguf_header.h"
#include "engine/files/hf_config.h"
#include "engine/files/publish_folder.h"
#include "engine/files/quantize.h"
#include "engine/files/safetensors.h"
#include "engine/files/tokenizer_export.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

struct ProjectionName {
  std::string_view hf, gguf;
};
constexpr ProjectionName kProjections[] = {{"q_proj", "attn_q"},      {"k_proj", "attn_k"},
                                           {"v_proj", "attn_v"},      {"o_proj", "attn_output"},
                                           {"gate_proj", "ffn_gate"}, {"up_proj", "ffn_up"},
                                           {"down_proj", "ffn_down"}};

// The order of a head's numbers in q and k.
enum class HeadOrder { kHalves, kInterleaved };

// A tensor to write: one of the base's, or several side by side.
struct OutputTensor {
  std::string name;
  std::vector<const ModelTensor*> parts;
  std::vector<int64_t> shape;
  GgmlType type = GgmlType::kF32;

  int64_t Bytes() const {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    const GgmlTypeInfo& info = InfoOf(type);
    return count / info.block_values * info.block_bytes;
  }
};

// Rows of the merged model in f32, whatever the base keeps them in.
class MergedRows {
 public:
  MergedRows(const ModelExport& options, HeadOrder order, float norm_offset)
      : base_(*options.base),
        config_(base_.config()),
        order_(order),
        norm_offset_(norm_offset),
        trained_(options.weights) {
    const LoraAdapter* adapter = options.adapter;
    if (adapter == nullptr) return;
    scale_ = static_cast<float>(adapter->Scale());
    for (const LoraPair& pair : adapter->pairs) {
      for (const ProjectionName& name : kProjections) {
        if (pair.projection != name.hf) continue;
        pairs_["blk." + std::to_string(pair.layer) + "." + std::string(name.gguf) + ".weight"] =
            &pair;
      }
    }
  }

  // Rows [first, first + count) of a matrix as they are to be written.
  Status Read(const ModelTensor& tensor, int64_t first, int64_t count, float* out) const {
    const int64_t columns = tensor.shape.back();
    const GgmlTypeInfo& info = InfoOf(tensor.type);
    const int64_t row_bytes = columns / info.block_values * info.block_bytes;
    const auto pair = pairs_.find(tensor.name);
    const float* trained = Trained(tensor);
    for (int64_t i = 0; i < count; ++i) {
      float* row = out + i * columns;
      const RowPlace place = PlaceOf(tensor, first + i);
      if (trained != nullptr) {
        std::copy_n(trained + place.halves * columns, columns, row);
        continue;
      }
      RETURN_IF_ERROR(Unpack(tensor, static_cast<size_t>(place.stored * row_bytes),
                             static_cast<size_t>(row_bytes), columns, row));
      if (pair != pairs_.end()) AddAdapter(*pair->second, place.halves, columns, row);
    }
    return {};
  }

  // A vector, its numbers in the order to write.
  Result<std::vector<float>> ReadVector(const ModelTensor& tensor) const {
    const int64_t count = tensor.Count();
    std::vector<float> stored(static_cast<size_t>(count)), values(static_cast<size_t>(count));
    const bool norm = tensor.name.ends_with("_norm.weight");
    if (const float* trained = Trained(tensor); trained != nullptr) {
      for (int64_t i = 0; i < count; ++i) {
        values[static_cast<size_t>(i)] =
            trained[PlaceOf(tensor, i).halves] - (norm ? norm_offset_ : 0);
      }
      return values;
    }
    RETURN_IF_ERROR(Unpack(tensor, 0, tensor.bytes.size(), count, stored.data()));
    const float shift = norm ? config_.norm_weight_offset - norm_offset_ : 0;
    for (int64_t i = 0; i < count; ++i) {
      values[static_cast<size_t>(i)] =
          stored[static_cast<size_t>(PlaceOf(tensor, i).stored)] + shift;
    }
    return values;
  }

 private:
  // Of a row to write: its number in Hugging Face's order, and where the base keeps it.
  struct RowPlace {
    int64_t halves = 0, stored = 0;
  };
  RowPlace PlaceOf(const ModelTensor& tensor, int64_t row) const {
    const std::string_view name = tensor.name;
    const bool turned = name.ends_with(".attn_q.weight") || name.ends_with(".attn_k.weight") ||
                        name.ends_with(".attn_q.bias") || name.ends_with(".attn_k.bias");
    RowPlace place{row, row};
    if (!turned) return place;
    // The same permutation for every head.
    const int64_t head = row / config_.head_dim * config_.head_dim;
    const auto in_head = static_cast<size_t>(row % config_.head_dim);
    if (order_ == HeadOrder::kInterleaved) place.halves = head + halves_of_[in_head];
    if (config_.rope_pairs == RopePairs::kInterleaved) {
      place.stored = head + interleaved_of_[static_cast<size_t>(place.halves - head)];
    } else {
      place.stored = place.halves;
    }
    return place;
  }

  // Null: the base's own counts.
  const float* Trained(const ModelTensor& tensor) const {
    if (trained_ == nullptr) return nullptr;
    const auto found = trained_->find(tensor.name);
    return found == trained_->end() ? nullptr : found->second.data();
  }

  Status Unpack(const ModelTensor& tensor, size_t from, size_t bytes, int64_t count,
                float* out) const {
    RETURN_IF_ERROR(Dequantize(tensor.type, tensor.bytes.substr(from, bytes), out, count));
    for (int64_t i = 0; i < count; ++i) {
      if (std::isfinite(out[i])) continue;
      return Fail(ErrorKind::kBadInput,
                  "reading " + base_.name() + ": tensor " + tensor.name +
                      " holds values that are no numbers",
                  "the file is damaged: fetch it again");
    }
    return {};
  }

  void AddAdapter(const LoraPair& pair, int64_t row, int64_t columns, float* out) const {
    const int64_t rank = pair.a.rows;
    for (int64_t r = 0; r < rank; ++r) {
      const float factor = scale_ * pair.b.values[static_cast<size_t>(row * rank + r)];
      const float* a = pair.a.values.data() + r * columns;
      for (int64_t c = 0; c < columns; ++c) out[c] += factor * a[c];
    }
    if (pair.magnitudes.empty()) return;
    double square = 0;
    for (int64_t c = 0; c < columns; ++c) {
      square += static_cast<double>(out[c]) * static_cast<double>(out[c]);
    }
    const auto gain = static_cast<float>(
        static_cast<double>(pair.magnitudes[static_cast<size_t>(row)]) / std::sqrt(square));
    for (int64_t c = 0; c < columns; ++c) out[c] *= gain;
  }

  const ModelFile& base_;
  const ModelConfig& config_;
  const HeadOrder order_;
  const float norm_offset_;  // that the written file's family adds to norms
  const std::map<std::string, std::span<const float>, std::less<>>* trained_;
  float scale_ = 0;
  std::map<std::string, const LoraPair*, std::less<>> pairs_;
  const std::vector<int64_t> halves_of_ = RowsForInterleaved(1, config_.head_dim);
  const std::vector<int64_t> interleaved_of_ = RowsForHalves(1, config_.head_dim);
};

constexpr int64_t kValuesAtOnce = int64_t{1} << 20;

// The bytes of one tensor, piece by piece.
Status Produce(const OutputTensor& tensor, const MergedRows& rows, const std::string& doing,
               const ByteSink& sink) {
  const GgmlTypeInfo& info = InfoOf(tensor.type);
  std::vector<float> values;
  std::string bytes;
  const auto put = [&]() -> Status {
    bytes.resize(values.size() / static_cast<size_t>(info.block_values) *
                 static_cast<size_t>(info.block_bytes));
    if (!Quantize(tensor.type, values.data(), static_cast<int64_t>(values.size()), bytes.data())) {
      return Fail(
          ErrorKind::kBadInput,
          doing + ": a number of tensor " + tensor.name + " does not fit " + std::string(info.name),
          "take --type bf16");
    }
    return sink(bytes);
  };
  for (const ModelTensor* part : tensor.parts) {
    if (part->shape.size() == 1) {
      ASSIGN_OR_RETURN(values, rows.ReadVector(*part));
      RETURN_IF_ERROR(put());
      continue;
    }
    const int64_t columns = part->shape[1];
    const int64_t at_once = std::max<int64_t>(1, kValuesAtOnce / columns);
    for (int64_t first = 0; first < part->shape[0]; first += at_once) {
      const int64_t count = std::min(at_once, part->shape[0] - first);
      values.resize(static_cast<size_t>(count * columns));
      RETURN_IF_ERROR(rows.Read(*part, first, count, values.data()));
      RETURN_IF_ERROR(put());
    }
  }
  return {};
}

GgmlType TypeFor(const ModelTensor& tensor, GgmlType wanted) {
  if (tensor.shape.size() == 1) return GgmlType::kF32;
  const bool vocabulary = tensor.name == "token_embd.weight" || tensor.name == "output.weight";
  GgmlType type = wanted;
  // The logits suffer most from four bits, and there are few other numbers like these.
  if (type == GgmlType::kQ4_0 && vocabulary) type = GgmlType::kQ8_0;
  if (tensor.shape.back() % InfoOf(type).block_values != 0) type = GgmlType::kF16;
  return type;
}

// Phi's projections lie side by side in its files.
struct Fusion {
  std::string_view first;
  std::vector<std::string_view> parts;
  std::string_view name;
};
std::vector<OutputTensor> OutputTensors(const ModelExport& options, bool gguf) {
  const ModelConfig& config = options.base->config();
  std::vector<Fusion> fusions;
  if (config.architecture == "phi3") {
    fusions = {
        {"attn_q.weight", {"attn_q.weight", "attn_k.weight", "attn_v.weight"}, "attn_qkv.weight"},
        {"ffn_gate.weight",
         {"ffn_gate.weight", "ffn_up.weight"},
         gguf ? "ffn_up.weight" : "ffn_gate_up.weight"}};
  }
  std::vector<OutputTensor> tensors;
  for (const ModelTensor& tensor : options.base->tensors()) {
    const size_t dot = tensor.name.find('.', 4) + 1;
    const std::string blk = tensor.name.substr(0, dot), rest = tensor.name.substr(dot);
    OutputTensor output;
    output.name = tensor.name;
    output.shape = tensor.shape;
    output.parts = {&tensor};
    bool skip = false;
    for (const Fusion& fusion : fusions) {
      if (!tensor.name.starts_with("blk.")) continue;
      const bool part =
          std::find(fusion.parts.begin(), fusion.parts.end(), rest) != fusion.parts.end();
      if (!part) continue;
      skip = rest != fusion.first;
      output.name = blk + std::string(fusion.name);
      output.parts.clear();
      output.shape[0] = 0;
      for (const std::string_view name : fusion.parts) {
        output.parts.push_back(options.base->FindTensor(blk + std::string(name)));
        output.shape[0] += output.parts.back()->shape[0];
      }
    }
    if (skip) continue;
    output.type = gguf ? TypeFor(tensor, options.type) : options.type;
    if (!gguf) output.name = HfNameOf(config, output.name);
    tensors.push_back(std::move(output));
  }
  return tensors;
}

int FileTypeOf(GgmlType type) {
  switch (type) {
    case GgmlType::kF16:
      return 1;
    case GgmlType::kQ4_0:
      return 2;
    case GgmlType::kQ8_0:
      return 7;
    case GgmlType::kBF16:
      return 32;
    default:
      return 0;
  }
}

// Readers know Gemma's attention scale by the size of heads alone, but for one size of model.
Status CheckGgufCanSay(const ModelConfig& c, const std::string& doing) {
  constexpr int64_t kGemma3Layers27b = 62;
  const int64_t scalar =
      c.architecture == "gemma3" && c.layers == kGemma3Layers27b ? c.hidden / c.heads : c.head_dim;
  const float implied = 1 / std::sqrt(static_cast<float>(scalar));
  if (std::fabs(c.attention_scale - implied) <= 1e-5f * implied) return {};
  return Fail(ErrorKind::kBadInput,
              doing +
                  ": the base's query_pre_attn_scalar is not the size of a head, which GGUF "
                  "cannot say",
              "take --as safetensors");
}

// The metadata of a base that is a folder.
void DescribeModel(const ModelConfig& c, GgufHeader* header) {
  const std::string a = c.architecture + ".";
  header->Text("general.architecture", c.architecture);
  header->Text("general.type", "model");
  header->Integer(a + "block_count", c.layers);
  int64_t context = c.context_length;
  if (c.rope_scaling == RopeScaling::kLongRope) {
    context = std::llround(static_cast<double>(c.rope_original_context) *
                           static_cast<double>(c.rope_factor));
  }
  header->Integer(a + "context_length", context);
  header->Integer(a + "embedding_length", c.hidden);
  header->Integer(a + "feed_forward_length", c.ffn);
  header->Integer(a + "attention.head_count", c.heads);
  header->Integer(a + "attention.head_count_kv", c.kv_heads);
  header->Integer(a + "attention.key_length", c.head_dim);
  header->Integer(a + "attention.value_length", c.head_dim);
  header->Real(a + "attention.layer_norm_rms_epsilon", c.norm_epsilon);
  header->Integer(a + "rope.dimension_count", c.rope_dim);
  header->Real(a + "rope.freq_base", c.rope_base);
  header->Integer(a + "vocab_size", c.vocabulary);
  if (c.sliding_window > 0) {
    header->Integer(a + "attention.sliding_window", c.sliding_window);
    bool every_sixth = c.architecture == "gemma3";
    for (int64_t i = 0; i < c.layers; ++i) every_sixth &= c.IsSliding(i) == (i % 6 != 5);
    if (!every_sixth) {
      header->Flags(a + "attention.sliding_window_pattern",
                    std::vector<bool>(c.sliding.begin(), c.sliding.end()));
    }
  }
  if (c.architecture == "gemma3") header->Real(a + "rope.freq_base_swa", c.rope_base_local);
  switch (c.rope_scaling) {
    case RopeScaling::kLinear:
      header->Text(a + "rope.scaling.type", "linear");
      header->Real(a + "rope.scaling.factor", c.rope_linear_factor);
      break;
    case RopeScaling::kYarn: {
      header->Text(a + "rope.scaling.type", "yarn");
      header->Real(a + "rope.scaling.factor", c.rope_factor);
      header->Integer(a + "rope.scaling.original_context_length", c.rope_original_context);
      // Readers multiply this by the usual 1 + ln(factor) / 10.
      const float usual = 1 + 0.1f * std::log(c.rope_factor);
      header->Real(a + "rope.scaling.attn_factor", c.rope_magnitude / usual);
      break;
    }
    case RopeScaling::kLongRope:
      header->Integer(a + "rope.scaling.original_context_length", c.rope_original_context);
      header->Real(a + "rope.scaling.attn_factor", c.rope_magnitude);
      break;
    case RopeScaling::kNone:
    case RopeScaling::kLlama3:
      break;
  }
}

struct VectorTensor {
  std::string name;
  std::vector<float> values;
};
std::vector<VectorTensor> RopeTensors(const ModelConfig& config) {
  if (config.rope_scaling == RopeScaling::kLlama3) {
    return {{"rope_freqs.weight", config.rope_divisors}};
  }
  if (config.rope_scaling == RopeScaling::kLongRope) {
    return {{"rope_factors_long.weight", config.rope_long_divisors},
            {"rope_factors_short.weight", config.rope_divisors}};
  }
  return {};
}

// How the exported model's conversations look, and the Jinja that says so.
struct ExportTemplate {
  ChatStyle style;
  std::string jinja;
};
Result<ExportTemplate> TemplateOf(const ModelExport& options, const Tokenizer& tokenizer) {
  ExportTemplate result;
  ASSIGN_OR_RETURN(const auto own, options.base->ReadTemplateText());
  const bool trained = options.adapter != nullptr && !options.adapter->chat_template.empty();
  Result<ChatTemplate> kept = trained ? ChatTemplate::FromJson(options.adapter->chat_template)
                                      : options.base->ReadChatTemplate(tokenizer);
  if (!kept) return tl::unexpected<Error>(kept.error());
  result.style = kept->style();
  result.jinja = JinjaOf(result.style);
  // The base's own words, where they mean the same: they may know of tools.
  if (own && !result.style.empty_think) {
    const auto read = ChatTemplate::FromTemplateText(*own, ChatTemplate::TokensOf(tokenizer));
    if (read && read->ToJson() == kept->ToJson()) result.jinja = *own;
  }
  return result;
}

// Counts what has been written and asks whether to go on.
class Tally {
 public:
  Tally(const ModelExport& options, std::string doing)
      : options_(options), doing_(std::move(doing)) {}
  Status Add(std::string_view bytes) {
    written_ += static_cast<int64_t>(bytes.size());
    if (options_.on_bytes && !options_.on_bytes(written_)) {
      return Fail(ErrorKind::kInterrupted, doing_ + " was interrupted");
    }
    return {};
  }

 private:
  const ModelExport& options_;
  const std::string doing_;
  int64_t written_ = 0;
};

Status CheckExport(const ModelExport& options) {
  if (options.adapter == nullptr) return {};
  return CheckAdapterFits(options.base->config(), *options.adapter);
}

Status CopyIfThere(const fs::path& from, const fs::path& to, const std::string& name) {
  if (!Exists(from / name)) return {};
  ASSIGN_OR_RETURN(const std::string text, ReadFile(from / name));
  return PublishFile(to / name, text);
}

std::string_view SafeNameOf(GgmlType type) {
  return type == GgmlType::kF16 ? "F16" : type == GgmlType::kBF16 ? "BF16" : "F32";
}
std::string_view TorchNameOf(GgmlType type) {
  return type == GgmlType::kF16 ? "float16" : type == GgmlType::kBF16 ? "bfloat16" : "float32";
}

Status WriteTokenizerFiles(const ModelExport& options, const fs::path& folder) {
  const ModelFile& base = *options.base;
  ASSIGN_OR_RETURN(const OwnedTokenizerSpec owned, base.ReadTokenizerSpec());
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, base.ReadTokenizer());
  ASSIGN_OR_RETURN(const ExportTemplate chat, TemplateOf(options, tokenizer));
  const TokenizerSpec& spec = owned.spec;
  if (base.gguf() == nullptr) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(base.folder() / "config.json"));
    auto json = nlohmann::ordered_json::parse(text, nullptr, false);
    const char* key = json.contains("dtype") ? "dtype" : "torch_dtype";
    json[key] = TorchNameOf(options.type);
    RETURN_IF_ERROR(PublishFile(
        folder / "config.json",
        json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
    for (const char* name :
         {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model",
          "added_tokens.json", "vocab.json", "merges.txt", "generation_config.json", "LICENSE"}) {
      RETURN_IF_ERROR(CopyIfThere(base.folder(), folder, name));
    }
  } else {
    const HfTokenIds ids{spec.bos.value_or(-1), spec.eos.value_or(-1), spec.padding.value_or(-1)};
    RETURN_IF_ERROR(
        PublishFile(folder / "config.json",
                    WriteHfConfig(base.config(), std::string(TorchNameOf(options.type)), ids)));
    RETURN_IF_ERROR(PublishFile(folder / "tokenizer.json", TokenizerJsonOf(spec)));
    RETURN_IF_ERROR(PublishFile(folder / "tokenizer_config.json",
                                TokenizerConfigOf(spec, base.config().context_length)));
    RETURN_IF_ERROR(PublishFile(folder / "generation_config.json",
                                GenerationConfigOf(spec, tokenizer.end_tokens())));
  }
  return PublishFile(folder / "chat_template.jinja", chat.jinja);
}

}  // namespace

int64_t CountExportBytes(const ModelExport& options) {
  int64_t bytes = 0;
  for (const OutputTensor& tensor : OutputTensors(options, true)) bytes += tensor.Bytes();
  return bytes;
}

Status WriteMergedGguf(const ModelExport& options, const fs::path& path) {
  const std::string doing = "writing model file " + path.string();
  RETURN_IF_ERROR(CheckExport(options));
  const ModelFile& base = *options.base;
  const ModelConfig& config = base.config();
  RETURN_IF_ERROR(CheckGgufCanSay(config, doing));
  ASSIGN_OR_RETURN(const OwnedTokenizerSpec owned, base.ReadTokenizerSpec());
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, base.ReadTokenizer());
  ASSIGN_OR_RETURN(const ExportTemplate chat, TemplateOf(options, tokenizer));
  const std::vector<OutputTensor> tensors = OutputTensors(options, true);

  GgufHeader header;
  if (base.gguf() != nullptr) {
    header.CopyPairs(*base.gguf(), [](std::string_view key) {
      return key != "general.file_type" && key != "general.quantization_version" &&
             key != "general.alignment" && key != "tokenizer.chat_template" &&
             key != "general.name" && !key.starts_with("quantize.") && !key.starts_with("split.");
    });
  } else {
    DescribeModel(config, &header);
    AddTokenizer(owned.spec, config.vocabulary, &header);
  }
  header.Text("general.name", options.name.empty() ? config.name : options.name);
  header.Integer("general.file_type", FileTypeOf(options.type));
  header.Integer("general.quantization_version", 2);
  header.Text("tokenizer.chat_template", chat.jinja);
  const std::vector<VectorTensor> rope = RopeTensors(config);
  for (const VectorTensor& tensor : rope) {
    header.Tensor(tensor.name, GgmlType::kF32, {static_cast<int64_t>(tensor.values.size())});
  }
  for (const OutputTensor& tensor : tensors) header.Tensor(tensor.name, tensor.type, tensor.shape);

  const bool llama = config.architecture == "llama";
  const MergedRows rows(options, llama ? HeadOrder::kInterleaved : HeadOrder::kHalves, 0);
  Tally tally(options, doing);
  ASSIGN_OR_RETURN(auto file, PendingFile::Create(path));
  RETURN_IF_ERROR(file.Write(header.Bytes()));
  const auto pad = [&](int64_t bytes) {
    return file.Write(std::string(static_cast<size_t>(GgufHeader::Padding(bytes)), '\0'));
  };
  for (const VectorTensor& tensor : rope) {
    RETURN_IF_ERROR(file.Write(BytesOf(tensor.values)));
    RETURN_IF_ERROR(pad(static_cast<int64_t>(BytesOf(tensor.values).size())));
  }
  const ByteSink sink = [&](std::string_view bytes) -> Status {
    RETURN_IF_ERROR(tally.Add(bytes));
    return file.Write(bytes);
  };
  for (const OutputTensor& tensor : tensors) {
    RETURN_IF_ERROR(Produce(tensor, rows, doing, sink));
    RETURN_IF_ERROR(pad(tensor.Bytes()));
  }
  RETURN_IF_ERROR(file.Commit());
  fs::path modelfile = path;
  modelfile.replace_extension(".Modelfile");
  return PublishFile(modelfile, ModelfileOf(chat.style, path.filename().string(), options.system,
                                            ChatTemplate::TokensOf(tokenizer)));
}

Status WriteMergedFolder(const ModelExport& options, const fs::path& folder) {
  const std::string doing = "writing model folder " + folder.string();
  RETURN_IF_ERROR(CheckExport(options));
  if (options.type != GgmlType::kF32 && options.type != GgmlType::kF16 &&
      options.type != GgmlType::kBF16) {
    return Fail(ErrorKind::kMisuse,
                doing + ": safetensors hold no " + std::string(InfoOf(options.type).name),
                "take --type f16, bf16 or f32");
  }
  const ModelFile& base = *options.base;
  const bool gemma = base.config().architecture == "gemma3";
  const MergedRows rows(options, HeadOrder::kHalves, gemma ? 1.0f : 0.0f);
  const std::vector<OutputTensor> tensors = OutputTensors(options, false);
  std::vector<SafeTensorPlan> plans;
  for (const OutputTensor& tensor : tensors) {
    plans.push_back({tensor.name, std::string(SafeNameOf(tensor.type)), tensor.shape});
  }
  Tally tally(options, doing);
  return PublishFolder(folder, [&](const fs::path& beside) -> Status {
    RETURN_IF_ERROR(WriteTokenizerFiles(options, beside));
    return StreamSafetensors(
        beside / "model.safetensors", plans, {}, [&](size_t i, const ByteSink& sink) {
          return Produce(tensors[i], rows, doing, [&](std::string_view bytes) -> Status {
            RETURN_IF_ERROR(tally.Add(bytes));
            return sink(bytes);
          });
        });
  });
}

Status WriteGgufLora(const ModelExport& options, const fs::path& path) {
  const std::string doing = "writing adapter file " + path.string();
  RETURN_IF_ERROR(CheckExport(options));
  const LoraAdapter& adapter = *options.adapter;
  if (adapter.use_dora) {
    return Fail(ErrorKind::kBadInput,
                doing + ": llama.cpp's form has no place for DoRA's magnitudes",
                "a merged model has: --as gguf");
  }
  const ModelConfig& config = options.base->config();
  struct Factor {
    std::string name;
    int64_t rows = 0, columns = 0;
    std::vector<float> values;
  };
  std::vector<Factor> factors;
  const auto scale = static_cast<float>(adapter.Scale());
  // Readers multiply by alpha / rank of the tensor; with alpha 0 they do not. So the scale is in b.
  const auto add = [&](const std::string& name, Factor a, Factor b) {
    a.name = name + ".weight.lora_a";
    b.name = name + ".weight.lora_b";
    factors.push_back(std::move(a));
    factors.push_back(std::move(b));
  };
  struct Side {
    const LoraPair* pair;
    int64_t rows;  // of the projection
  };
  // Side by side in one matrix: as one pair of factors, its ranks one after the other.
  const auto join = [&](const std::string& name, const std::vector<Side>& sides) {
    Factor a, b;
    int64_t rank = 0;
    for (const Side& side : sides) {
      b.rows += side.rows;
      if (side.pair == nullptr) continue;
      rank += side.pair->a.rows;
      a.columns = side.pair->a.columns;
      a.values.insert(a.values.end(), side.pair->a.values.begin(), side.pair->a.values.end());
    }
    if (rank == 0) return;
    a.rows = b.columns = rank;
    b.values.assign(static_cast<size_t>(b.rows * rank), 0);
    int64_t row = 0, column = 0;
    for (const Side& side : sides) {
      if (side.pair != nullptr) {
        const NamedMatrix& from = side.pair->b;
        for (int64_t r = 0; r < from.rows; ++r) {
          for (int64_t c = 0; c < from.columns; ++c) {
            b.values[static_cast<size_t>((row + r) * rank + column + c)] =
                scale * from.values[static_cast<size_t>(r * from.columns + c)];
          }
        }
        column += from.columns;
      }
      row += side.rows;
    }
    add(name, std::move(a), std::move(b));
  };
  std::map<std::pair<int64_t, std::string>, const LoraPair*> pairs;
  for (const LoraPair& pair : adapter.pairs) pairs[{pair.layer, pair.projection}] = &pair;
  const int64_t q = config.heads * config.head_dim, kv = config.kv_heads * config.head_dim;
  const auto find = [&](int64_t layer, const char* projection) {
    const auto found = pairs.find({layer, projection});
    return found == pairs.end() ? nullptr : found->second;
  };
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const std::string blk = "blk." + std::to_string(layer) + ".";
    const bool fused = config.architecture == "phi3";
    if (fused) {
      join(blk + "attn_qkv",
           {{find(layer, "q_proj"), q}, {find(layer, "k_proj"), kv}, {find(layer, "v_proj"), kv}});
      join(blk + "ffn_up",
           {{find(layer, "gate_proj"), config.ffn}, {find(layer, "up_proj"), config.ffn}});
    }
    for (const ProjectionName& name : kProjections) {
      const bool alone = !fused || name.hf == "o_proj" || name.hf == "down_proj";
      const LoraPair* pair = find(layer, std::string(name.hf).c_str());
      if (!alone || pair == nullptr) continue;
      if (config.architecture != "llama" || (name.hf != "q_proj" && name.hf != "k_proj")) {
        join(blk + std::string(name.gguf), {{pair, pair->b.rows}});
        continue;
      }
      LoraPair turned = *pair;
      const std::vector<int64_t> order =
          RowsForInterleaved(pair->b.rows / config.head_dim, config.head_dim);
      const int64_t rank = pair->b.columns;
      for (int64_t r = 0; r < pair->b.rows; ++r) {
        std::memcpy(turned.b.values.data() + r * rank,
                    pair->b.values.data() + order[static_cast<size_t>(r)] * rank,
                    static_cast<size_t>(rank) * sizeof(float));
      }
      join(blk + std::string(name.gguf), {{&turned, turned.b.rows}});
    }
  }
  GgufHeader header;
  header.Text("general.architecture", config.architecture);
  header.Text("general.type", "adapter");
  header.Text("general.name", options.name.empty() ? config.name : options.name);
  header.Integer("general.file_type", FileTypeOf(options.type));
  header.Integer("general.quantization_version", 2);
  header.Text("adapter.type", "lora");
  header.Real("adapter.lora.alpha", 0);
  const int64_t value_bytes = InfoOf(options.type).block_bytes;
  for (const Factor& factor : factors) {
    header.Tensor(factor.name, options.type, {factor.rows, factor.columns});
  }
  ASSIGN_OR_RETURN(auto file, PendingFile::Create(path));
  RETURN_IF_ERROR(file.Write(header.Bytes()));
  for (const Factor& factor : factors) {
    const int64_t size = static_cast<int64_t>(factor.values.size()) * value_bytes;
    std::string bytes(static_cast<size_t>(size + GgufHeader::Padding(size)), '\0');
    if (!Quantize(options.type, factor.values.data(), static_cast<int64_t>(factor.values.size()),
                  bytes.data())) {
      return Fail(ErrorKind::kBadInput, doing + ": a number of tensor " + factor.name +
                                            " does not fit " +
                                            std::string(InfoOf(options.type).name));
    }
    RETURN_IF_ERROR(file.Write(bytes));
  }
  return file.Commit();
}

}  // namespace idiolect
