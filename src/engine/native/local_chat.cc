#include "engine/native/local_chat.h"

#include <algorithm>
#include <optional>

#include "engine/files/lora_files.h"
#include "engine/native/logprobs.h"
#include "engine/native/sampler.h"
#include "engine/native/text_stream.h"

namespace idiolect::native {
namespace {

struct Model {
  std::string name;
  std::shared_ptr<BaseModel> base;
  std::unique_ptr<AdapterWeights> adapter;  // null: the base's weights are all
  ChatTemplate chat_template;
};

Status CheckOptions(const GenerateOptions& options, int64_t vocabulary) {
  for (const auto& [id, bias] : options.logit_bias) {
    if (id < 0 || id >= vocabulary) {
      return Fail(ErrorKind::kMisuse, "answering: the logit bias names token " +
                                          std::to_string(id) + ", and the model has " +
                                          std::to_string(vocabulary));
    }
  }
  return {};
}

class LocalSession : public ChatSession {
 public:
  explicit LocalSession(const Model& model)
      : model_(model),
        base_(*model.base),
        logits_(static_cast<size_t>(base_.weights.config.vocabulary)) {}

  Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                              const GenerateOptions& options, const TextSink& sink,
                              const Interrupt& interrupt) override {
    RETURN_IF_ERROR(CheckOptions(options, base_.weights.config.vocabulary));
    ASSIGN_OR_RETURN(const std::vector<int32_t> prompt, Tokens(messages, options.prompt));
    const int64_t context = base_.weights.config.context_length;
    const auto prompt_tokens = static_cast<int64_t>(prompt.size());
    if (prompt.empty()) return Fail(ErrorKind::kBadInput, "answering: the prompt is empty");
    if (prompt_tokens >= context) {
      return Fail(ErrorKind::kBadInput,
                  "answering: the conversation has " + std::to_string(prompt_tokens) +
                      " tokens and the model sees " + std::to_string(context),
                  "begin a new conversation, or leave out its oldest turns");
    }
    Generation generation;
    generation.prompt_tokens = static_cast<int>(prompt_tokens);
    Status done = Answer(prompt, options, sink, interrupt, &generation);
    base_.batcher->Leave(&conversation_->sequence);
    // For whoever goes on from here, this session or another.
    base_.Return(std::move(conversation_));
    if (!done && done.error().kind == ErrorKind::kInterrupted) {
      generation.finish = FinishReason::kInterrupted;
      return generation;
    }
    RETURN_IF_ERROR(std::move(done));
    return generation;
  }

 private:
  Result<std::vector<int32_t>> Tokens(const std::vector<ChatMessage>& messages,
                                      PromptForm form) const {
    if (form == PromptForm::kChat) {
      return model_.chat_template.RenderPrompt(base_.tokenizer, messages);
    }
    if (messages.size() != 1) {
      return Fail(ErrorKind::kMisuse, "continuing a text: one message is wanted and " +
                                          std::to_string(messages.size()) + " are there");
    }
    std::vector<int32_t> tokens;
    if (base_.tokenizer.add_bos() && base_.tokenizer.bos()) {
      tokens.push_back(*base_.tokenizer.bos());
    }
    base_.tokenizer.EncodeTo(messages[0].content, Specials::kAsText, &tokens);
    // A text of nothing is continued from the beginning of one.
    if (tokens.empty()) {
      if (const auto start =
              base_.tokenizer.bos() ? base_.tokenizer.bos() : base_.tokenizer.eos()) {
        tokens.push_back(*start);
      }
    }
    return tokens;
  }

  Status Answer(const std::vector<int32_t>& prompt, const GenerateOptions& options,
                const TextSink& sink, const Interrupt& interrupt, Generation* generation) {
    RETURN_IF_ERROR(Read(prompt, interrupt, generation));
    return Write(options, sink, interrupt, generation);
  }

  // Runs what the cache does not have yet; logits_ are then those after the prompt.
  Status Read(const std::vector<int32_t>& prompt, const Interrupt& interrupt,
              Generation* generation) {
    conversation_ = base_.Borrow(model_.adapter.get(), prompt);
    std::vector<int32_t>& seen = conversation_->seen;
    const auto shared =
        std::mismatch(seen.begin(), seen.end(), prompt.begin(), prompt.end()).first - seen.begin();
    // At least one token must be run, for its logits.
    const auto kept = static_cast<size_t>(conversation_->sequence.cache.Truncate(
        std::min<int64_t>(shared, static_cast<int64_t>(prompt.size()) - 1)));
    seen.resize(kept);
    generation->cached_tokens = static_cast<int>(kept);
    return Run(std::span(prompt).subspan(kept), interrupt);
  }

  Status Write(const GenerateOptions& options, const TextSink& sink, const Interrupt& interrupt,
               Generation* generation) {
    const int64_t context = base_.weights.config.context_length;
    const std::vector<int32_t>& seen = conversation_->seen;
    const size_t answer = seen.size();
    Sampler sampler(options);
    TextStream stream(options.stop);
    std::optional<JsonGrammar> grammar;
    if (options.form == AnswerForm::kJson) grammar.emplace();
    Status status;
    generation->finish = FinishReason::kLength;
    bool wanted = true;
    auto show = [&](std::string_view piece) {
      if (!piece.empty() && wanted && sink) wanted = sink(piece);
    };
    while (generation->completion_tokens < options.max_tokens &&
           static_cast<int64_t>(seen.size()) < context) {
      if (interrupt.Requested()) {
        generation->finish = FinishReason::kInterrupted;
        break;
      }
      std::optional<LogprobTable> table;
      if (options.top_logprobs >= 0) table.emplace(logits_, options.top_logprobs);
      if (grammar) base_.json_tokens().Mask(*grammar, logits_);
      const int32_t token = sampler.Choose(logits_, seen, answer);
      if (token < 0) {
        status = Fail(ErrorKind::kFailed, "answering: no token of the vocabulary can go on");
        break;
      }
      ++generation->completion_tokens;
      if (base_.tokenizer.IsEnd(token)) {
        generation->finish = FinishReason::kStop;
        break;
      }
      const std::string_view bytes = base_.tokenizer.TokenBytes(token);
      if (table) {
        generation->logprobs.push_back(table->Of(base_.tokenizer, token));
        if (options.on_logprob) options.on_logprob(generation->logprobs.back());
      }
      show(stream.Add(bytes));
      if (grammar) grammar->Add(bytes);
      if (stream.stopped() || !wanted || (grammar && grammar->complete())) {
        generation->finish = FinishReason::kStop;
        break;
      }
      if (generation->completion_tokens == options.max_tokens) break;  // its logits are not wanted
      status = Run(std::span(&token, 1), interrupt);
      if (!status) break;
    }
    show(stream.Finish());
    generation->text = stream.text();
    return status;
  }

  // However far it came, the conversation knows what its cache holds.
  Status Run(std::span<const int32_t> tokens, const Interrupt& interrupt) {
    Sequence& sequence = conversation_->sequence;
    const int64_t before = sequence.cache.length();
    RETURN_IF_ERROR(
        base_.Reserve(conversation_.get(), before + static_cast<int64_t>(tokens.size())));
    const Status done = base_.batcher->Run(&sequence, tokens, logits_.data(), interrupt);
    const auto ran = static_cast<size_t>(sequence.cache.length() - before);
    conversation_->seen.insert(conversation_->seen.end(), tokens.begin(),
                               tokens.begin() + static_cast<std::ptrdiff_t>(ran));
    return done;
  }

  const Model& model_;
  BaseModel& base_;
  std::vector<float> logits_;
  std::unique_ptr<Conversation> conversation_;  // while an answer is made
};

class LocalChat : public ChatModel {
 public:
  explicit LocalChat(Model model) : model_(std::move(model)) {}
  ~LocalChat() override { model_.base->Drop(model_.adapter.get()); }
  std::string Name() const override { return model_.name; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::unique_ptr<ChatSession>(std::make_unique<LocalSession>(model_));
  }
  Result<std::vector<TokenPiece>> Tokenize(std::string_view text,
                                           const TokenizeOptions& options) const override {
    const Tokenizer& tokenizer = model_.base->tokenizer;
    std::vector<int32_t> ids;
    if (options.begin == TextBegin::kAsModelWants && tokenizer.add_bos() && tokenizer.bos()) {
      ids.push_back(*tokenizer.bos());
    }
    tokenizer.EncodeTo(
        text, options.controls == ControlText::kParsed ? Specials::kParse : Specials::kAsText,
        &ids);
    std::vector<TokenPiece> pieces;
    pieces.reserve(ids.size());
    for (const int32_t id : ids) pieces.push_back({id, std::string(tokenizer.TokenBytes(id))});
    return pieces;
  }
  Result<std::string> Detokenize(std::span<const int32_t> ids) const override {
    const Tokenizer& tokenizer = model_.base->tokenizer;
    for (const int32_t id : ids) {
      if (id < 0 || id >= tokenizer.size()) {
        return Fail(ErrorKind::kMisuse, "reading tokens: there is no token " + std::to_string(id) +
                                            ", the model has " + std::to_string(tokenizer.size()));
      }
    }
    return tokenizer.Decode(ids);
  }

 private:
  const Model model_;
};

Result<ChatTemplate> TemplateFor(const BaseModel& base, const LoraAdapter& adapter) {
  if (adapter.chat_template.empty()) return *base.own_template;
  return ChatTemplate::FromJson(adapter.chat_template);
}

class ModelsOnOneBase : public SharedBase {
 public:
  explicit ModelsOnOneBase(std::shared_ptr<BaseModel> base) : base_(std::move(base)) {}

  Result<std::unique_ptr<ChatModel>> Model(const std::filesystem::path& folder,
                                           const std::string& name) override {
    LoraAdapter adapter;
    std::unique_ptr<AdapterWeights> weights;
    if (!folder.empty()) {
      ASSIGN_OR_RETURN(adapter, ReadLoraAdapter(folder));
      ASSIGN_OR_RETURN(AdapterWeights loaded,
                       LoadAdapterWeights(base_->compute, base_->weights.config,
                                          base_->weights.type, adapter, &base_->weights));
      weights = std::make_unique<AdapterWeights>(std::move(loaded));
    }
    ASSIGN_OR_RETURN(ChatTemplate chat_template, TemplateFor(*base_, adapter));
    return std::make_unique<LocalChat>(
        native::Model{name, base_, std::move(weights), std::move(chat_template)});
  }

 private:
  const std::shared_ptr<BaseModel> base_;
};

}  // namespace

Result<std::unique_ptr<ChatModel>> OpenLocalModel(const ModelSpec& spec,
                                                  const BaseOptions& options) {
  if (spec.adapter.empty() || options.form == WeightForm::kAsStored) {
    ASSIGN_OR_RETURN(const auto shared, OpenSharedBase(spec.base, options));
    return shared->Model(spec.adapter, spec.name);
  }
  ASSIGN_OR_RETURN(const LoraAdapter adapter, ReadLoraAdapter(spec.adapter));
  ASSIGN_OR_RETURN(std::unique_ptr<BaseModel> base, BaseModel::Load(spec.base, options, &adapter));
  ASSIGN_OR_RETURN(ChatTemplate chat_template, TemplateFor(*base, adapter));
  return std::make_unique<LocalChat>(
      Model{spec.name, std::move(base), nullptr, std::move(chat_template)});
}

Result<std::unique_ptr<SharedBase>> OpenSharedBase(const std::filesystem::path& path,
                                                   const BaseOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<BaseModel> base, BaseModel::Load(path, options, nullptr));
  return ShareBase(std::move(base));
}

std::unique_ptr<SharedBase> ShareBase(std::shared_ptr<BaseModel> base) {
  return std::make_unique<ModelsOnOneBase>(std::move(base));
}

}  // namespace idiolect::native
