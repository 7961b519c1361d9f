#include "providers/http_chat_model.h"

#include "base/text.h"
#include "providers/sse.h"

namespace idiolect {
namespace {

TokenLogprob LogprobOf(const Json& row) {
  TokenLogprob out;
  const auto bytes = [](const Json& token) {
    std::string text;
    const Json& list = ChildOf(token, "bytes");
    if (!list.is_array()) return TextOf(token, "token");
    for (const Json& byte : list) {
      if (byte.is_number_integer()) text += static_cast<char>(byte.get<int64_t>() & 255);
    }
    return text;
  };
  out.bytes = bytes(row);
  out.logprob = NumberOf(row, "logprob");
  const Json& top = ChildOf(row, "top_logprobs");
  if (top.is_array()) {
    for (const Json& other : top) out.top.emplace_back(bytes(other), NumberOf(other, "logprob"));
  }
  return out;
}

class HttpChatSession : public ChatSession {
 public:
  HttpChatSession(ApiCaller& caller, const std::string& model) : caller_(caller), model_(model) {}

  Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                              const GenerateOptions& options, const TextSink& sink,
                              const Interrupt& interrupt) override {
    const std::string doing = "asking " + model_;
    const bool raw = options.prompt == PromptForm::kRaw;
    ASSIGN_OR_RETURN(auto request, caller_.JsonRequest(raw ? "/completions" : "/chat/completions",
                                                       BodyOf(messages, options)));
    request.headers.emplace_back("Accept: text/event-stream");
    request.total_timeout_s = 0;  // an answer may take long; a stall ends it
    Generation made;
    SseReader reader;
    std::optional<Error> said;  // an error in the middle of the stream
    bool done = false, stopped = false, began = false;
    std::string plain;  // a server that does not stream answers with one JSON object
    const auto take = [&](std::string_view data) {
      if (TrimSpace(data) == "[DONE]") {
        done = true;
        return true;
      }
      const Json chunk = Json::parse(data, nullptr, /*allow_exceptions=*/false);
      if (!chunk.is_object()) return true;
      if (const Json& error = ChildOf(chunk, "error"); !error.is_null()) {
        HttpAnswer answer;
        answer.status = 500;
        answer.body = chunk.dump(-1, ' ', false, Json::error_handler_t::replace);
        said = caller_.ErrorOf(doing, answer);
        return false;
      }
      const auto finish = TakeChunk(chunk, options, sink, &made);
      if (finish == Taken::kFinished) done = true;
      stopped = finish == Taken::kStopped;
      return !stopped;
    };
    request.on_body = [&](std::string_view bytes) {
      began = true;
      if (plain.size() < 4096) plain.append(bytes.substr(0, 1 << 20));
      return !interrupt.Requested() && reader.Feed(bytes, take);
    };
    request.begun = &began;
    const HttpAnswer answer = caller_.Send(request, Repeat::kAlways, interrupt);
    if (!stopped && !said && !reader.too_large()) reader.End(take);
    if (said) return tl::unexpected<Error>(*std::move(said));
    if (interrupt.Requested() || stopped ||
        (answer.error && answer.error->kind == ErrorKind::kInterrupted)) {
      made.finish = FinishReason::kInterrupted;
      return made;
    }
    if (!answer.Ok()) return tl::unexpected<Error>(caller_.ErrorOf(doing, answer));
    if (done) return made;
    if (const Json whole = Json::parse(plain, nullptr, false); whole.is_object()) {
      if (TakeChunk(whole, options, sink, &made) == Taken::kFinished) return made;
    }
    return Fail(ErrorKind::kUnavailable,
                doing + " at " + caller_.options().provider.title + ": the answer broke off",
                "ask again");
  }

 private:
  enum class Taken { kMore, kFinished, kStopped };

  Json BodyOf(const std::vector<ChatMessage>& messages, const GenerateOptions& options) const {
    Json body = {{"model", model_}, {"stream", true}};
    if (options.prompt == PromptForm::kRaw) {
      body["prompt"] = messages.empty() ? "" : messages.front().content;
      body["max_tokens"] = options.max_tokens;
    } else {
      body["messages"] = Json::array();
      for (const auto& message : messages) {
        body["messages"].push_back({{"role", message.role}, {"content", message.content}});
      }
      body[caller_.options().provider.max_tokens_field] = options.max_tokens;
    }
    body["temperature"] = options.temperature;
    body["top_p"] = options.top_p;
    body["seed"] = static_cast<int64_t>(options.seed & 0x7fffffff);
    if (options.presence_penalty != 0) body["presence_penalty"] = options.presence_penalty;
    if (options.frequency_penalty != 0) body["frequency_penalty"] = options.frequency_penalty;
    if (!options.stop.empty()) body["stop"] = options.stop;
    for (const auto& [token, bias] : options.logit_bias) {
      body["logit_bias"][std::to_string(token)] = bias;
    }
    if (options.top_logprobs >= 0 && options.prompt != PromptForm::kRaw) {
      body["logprobs"] = true;
      body["top_logprobs"] = options.top_logprobs;
    }
    if (options.form == AnswerForm::kJson) body["response_format"] = {{"type", "json_object"}};
    body["stream_options"] = {{"include_usage", true}};
    return body;
  }

  static Taken TakeChunk(const Json& chunk, const GenerateOptions& options, const TextSink& sink,
                         Generation* made) {
    if (const Json& usage = ChildOf(chunk, "usage"); usage.is_object()) {
      made->prompt_tokens = static_cast<int>(IntegerOf(usage, "prompt_tokens"));
      made->completion_tokens = static_cast<int>(IntegerOf(usage, "completion_tokens"));
      made->cached_tokens =
          static_cast<int>(IntegerOf(ChildOf(usage, "prompt_tokens_details"), "cached_tokens"));
    }
    const Json& choices = ChildOf(chunk, "choices");
    if (!choices.is_array() || choices.empty()) return Taken::kMore;
    const Json& choice = choices.front();
    const Json& logprobs = ChildOf(ChildOf(choice, "logprobs"), "content");
    if (logprobs.is_array()) {
      for (const Json& row : logprobs) {
        made->logprobs.push_back(LogprobOf(row));
        if (options.on_logprob) options.on_logprob(made->logprobs.back());
      }
    }
    std::string piece = TextOf(ChildOf(choice, "delta"), "content");
    if (piece.empty()) piece = TextOf(ChildOf(choice, "message"), "content");
    if (piece.empty()) piece = TextOf(choice, "text");
    if (piece.empty()) piece = TextOf(ChildOf(choice, "delta"), "refusal");
    if (!piece.empty()) {
      piece = RepairUtf8(piece);
      made->text += piece;
      if (!sink(piece)) return Taken::kStopped;
    }
    const std::string finish = TextOf(choice, "finish_reason");
    if (finish.empty()) return Taken::kMore;
    made->finish = finish == "length" ? FinishReason::kLength : FinishReason::kStop;
    return Taken::kFinished;
  }

  ApiCaller& caller_;
  const std::string& model_;
};

class HttpChatModel : public ChatModel {
 public:
  HttpChatModel(ApiCaller& caller, std::string model) : caller_(caller), model_(std::move(model)) {}
  std::string Name() const override { return model_; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::make_unique<HttpChatSession>(caller_, model_);
  }

 private:
  ApiCaller& caller_;
  std::string model_;
};

}  // namespace

std::unique_ptr<ChatModel> MakeHttpChatModel(ApiCaller& caller, std::string model) {
  return std::make_unique<HttpChatModel>(caller, std::move(model));
}

}  // namespace idiolect
