#include "engine/native/local_chat.h"

#include <algorithm>

#include "engine/files/chat_template.h"
#include "engine/files/gguf.h"
#include "engine/files/lora_files.h"
#include "engine/files/tokenizer.h"
#include "engine/native/decoder.h"
#include "engine/native/sampler.h"
#include "engine/native/text_stream.h"
#include "engine/native/weights.h"

namespace idiolect::native {
namespace {

struct LoadedModel {
  LoadedModel(int threads, std::string model_name, Tokenizer t, ChatTemplate c)
      : pool(threads),
        compute{&ChooseKernels(), &pool},
        name(std::move(model_name)),
        tokenizer(std::move(t)),
        chat_template(std::move(c)) {}

  ThreadPool pool;
  Compute compute;
  std::string name;
  Tokenizer tokenizer;
  ChatTemplate chat_template;
  Weights weights;
};

class LocalSession : public ChatSession {
 public:
  explicit LocalSession(const LoadedModel& model)
      : model_(model),
        decoder_(model.compute, model.weights),
        logits_(static_cast<size_t>(model.weights.config.vocabulary)) {}

  Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                              const GenerateOptions& options, const TextSink& sink,
                              const Interrupt& interrupt) override {
    ASSIGN_OR_RETURN(const std::vector<int32_t> prompt,
                     model_.chat_template.RenderPrompt(model_.tokenizer, messages));
    const int64_t context = model_.weights.config.context_length;
    const auto prompt_tokens = static_cast<int64_t>(prompt.size());
    if (prompt.empty() || prompt_tokens >= context) {
      return Fail(ErrorKind::kBadInput,
                  "answering: the conversation has " + std::to_string(prompt_tokens) +
                      " tokens and the model sees " + std::to_string(context),
                  "begin a new conversation, or leave out its oldest turns");
    }
    Generation generation;
    generation.prompt_tokens = static_cast<int>(prompt_tokens);
    if (!Read(prompt, interrupt)) {
      generation.finish = FinishReason::kInterrupted;
      return generation;
    }
    generation.finish = Write(options, sink, interrupt, context, &generation);
    return generation;
  }

 private:
  // Runs what the cache does not have yet; logits_ are then those after the prompt.
  bool Read(const std::vector<int32_t>& prompt, const Interrupt& interrupt) {
    const auto shared =
        std::mismatch(seen_.begin(), seen_.end(), prompt.begin(), prompt.end()).first -
        seen_.begin();
    // At least one token must be run, for its logits.
    size_t at = std::min(static_cast<size_t>(shared), prompt.size() - 1);
    decoder_.Truncate(static_cast<int64_t>(at));
    seen_.resize(at);
    while (at < prompt.size()) {
      if (interrupt.Requested()) return false;
      const size_t count = std::min(prompt.size() - at, static_cast<size_t>(Decoder::kBlock));
      Run(std::span(prompt).subspan(at, count));
      at += count;
    }
    return true;
  }

  FinishReason Write(const GenerateOptions& options, const TextSink& sink,
                     const Interrupt& interrupt, int64_t context, Generation* generation) {
    Sampler sampler(options);
    TextStream stream(options.stop);
    FinishReason reason = FinishReason::kLength;
    bool wanted = true;
    auto show = [&](std::string_view piece) {
      if (!piece.empty() && wanted && sink) wanted = sink(piece);
    };
    while (generation->completion_tokens < options.max_tokens && decoder_.length() < context) {
      if (interrupt.Requested()) {
        reason = FinishReason::kInterrupted;
        break;
      }
      const int32_t token = sampler.Choose(logits_, seen_);
      ++generation->completion_tokens;
      if (model_.tokenizer.IsEnd(token)) {
        reason = FinishReason::kStop;
        break;
      }
      show(stream.Add(model_.tokenizer.TokenBytes(token)));
      if (stream.stopped() || !wanted) {
        reason = FinishReason::kStop;
        break;
      }
      Run(std::span(&token, 1));
    }
    show(stream.Finish());
    generation->text = stream.text();
    return reason;
  }

  void Run(std::span<const int32_t> tokens) {
    decoder_.Run(tokens, logits_.data());
    seen_.insert(seen_.end(), tokens.begin(), tokens.end());
  }

  const LoadedModel& model_;
  Decoder decoder_;
  std::vector<float> logits_;
  std::vector<int32_t> seen_;  // what the decoder's cache holds
};

class LocalChat : public ChatModel {
 public:
  explicit LocalChat(std::unique_ptr<LoadedModel> model) : model_(std::move(model)) {}
  std::string Name() const override { return model_->name; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::unique_ptr<ChatSession>(std::make_unique<LocalSession>(*model_));
  }

 private:
  std::unique_ptr<LoadedModel> model_;
};

class MergedModels : public SharedBase {
 public:
  MergedModels(std::filesystem::path base, int threads, Dtype type)
      : base_(std::move(base)), threads_(threads), type_(type) {}
  Result<std::unique_ptr<ChatModel>> Model(const std::filesystem::path& adapter,
                                           const std::string& name) override {
    return OpenLocalModel({.base = base_, .adapter = adapter, .name = name}, threads_, type_);
  }

 private:
  const std::filesystem::path base_;
  const int threads_;
  const Dtype type_;
};

}  // namespace

Result<std::unique_ptr<ChatModel>> OpenLocalModel(const ModelSpec& spec, int threads, Dtype type) {
  ASSIGN_OR_RETURN(const GgufFile file, GgufFile::Open(spec.base));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, Tokenizer::FromGguf(file));
  LoraAdapter adapter;
  if (!spec.adapter.empty()) {
    ASSIGN_OR_RETURN(adapter, ReadLoraAdapter(spec.adapter));
  }
  ASSIGN_OR_RETURN(ChatTemplate chat_template, adapter.chat_template.empty()
                                                   ? ChatTemplate::FromGguf(file, tokenizer)
                                                   : ChatTemplate::FromJson(adapter.chat_template));
  auto model = std::make_unique<LoadedModel>(threads > 0 ? threads : CountCores(), spec.name,
                                             std::move(tokenizer), std::move(chat_template));
  MatrixVisitor merge;
  if (!spec.adapter.empty()) {
    ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(file));
    ASSIGN_OR_RETURN(merge, MergeVisitor(model->compute, config, adapter));
  }
  ASSIGN_OR_RETURN(model->weights, LoadWeights(model->compute, file, type, 0, merge));
  return std::unique_ptr<ChatModel>(std::make_unique<LocalChat>(std::move(model)));
}

Result<std::unique_ptr<SharedBase>> OpenSharedBase(const std::filesystem::path& base, int threads,
                                                   Dtype type) {
  if (auto file = GgufFile::Open(base); !file) return tl::unexpected(file.error());
  return std::make_unique<MergedModels>(base, threads, type);
}

}  // namespace idiolect::native
