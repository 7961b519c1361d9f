#include "base/text.h"
#include "serve/chat_api.h"
#include "serve/generation.h"
#include "serve/ids.h"

namespace idiolect {
namespace {

struct CompletionCall {
  GenerationCall base;
  std::vector<std::string> prompts;
  bool echo = false;
};

ApiResult<CompletionCall> ReadCompletion(Service& service, const std::string& body) {
  API_ASSIGN(const Json json, ParseObject(body));
  Fields fields(json);
  CompletionCall call;
  fields.Require("model");
  const std::string model = fields.Text("model").value_or("");
  ReadSampling(fields, &call.base);
  call.base.options.prompt = PromptForm::kRaw;
  call.base.options.max_tokens =
      static_cast<int>(fields.Integer("max_tokens", 0, 1'000'000).value_or(16));
  call.echo = fields.Flag("echo").value_or(false);
  if (const auto logprobs = fields.Integer("logprobs", 0, 5)) {
    call.base.options.top_logprobs = static_cast<int>(*logprobs);
  }
  const auto refuse = [&](const char* name, const std::string& message) {
    fields.Fault(Refuse(400, message, name, "unsupported_parameter").value());
  };
  if (call.echo && call.base.options.top_logprobs >= 0) {
    refuse("echo", "Log probabilities of the prompt are not available: use 'echo' or 'logprobs'.");
  }
  const auto best_of = fields.Integer("best_of", 0, 20);
  if (best_of && *best_of > call.base.choices) {
    refuse("best_of", "'best_of' greater than 'n' is not available.");
  }
  if (const auto suffix = fields.Text("suffix"); suffix && !suffix->empty()) {
    refuse("suffix", "'suffix' is not available.");
  }
  fields.Ignore({"user"});
  const Json* prompt = fields.RawOrNull("prompt");
  if (prompt == nullptr) {
    call.prompts = {""};
  } else if (prompt->is_string()) {
    call.prompts = {prompt->get<std::string>()};
  } else if (prompt->is_array() && !prompt->empty() && prompt->size() <= 128) {
    for (const Json& one : *prompt) {
      if (!one.is_string()) {
        refuse("prompt", "Prompts of token ids are not available: send texts.");
        break;
      }
      call.prompts.push_back(one);
    }
  } else {
    refuse("prompt", "Invalid 'prompt': expected a string or an array of 1 to 128 strings.");
  }
  API_RETURN_IF_ERROR(fields.Done());
  API_RETURN_IF_ERROR(ChooseServedModel(service, model, &call.base));
  call.base.id = "cmpl-" + RandomId(29);
  return call;
}

Json Whole(const GenerationCall& call, Json choices) {
  return {{"id", call.id},
          {"object", "text_completion"},
          {"created", call.created},
          {"model", call.model_asked},
          {"choices", std::move(choices)},
          {"system_fingerprint", Fingerprint()}};
}

// `offset`: where the first of them begins in the answer, in characters.
Json LogprobsJson(const std::vector<TokenLogprob>& tokens, size_t offset) {
  Json names = Json::array(), values = Json::array(), tops = Json::array(), offsets = Json::array();
  for (const TokenLogprob& token : tokens) {
    const std::string text = RepairUtf8(token.bytes);
    names.push_back(text);
    values.push_back(std::max(token.logprob, -9999.0));
    Json top = Json::object();
    for (const auto& [bytes, logprob] : token.top) {
      top[RepairUtf8(bytes)] = std::max(logprob, -9999.0);
    }
    tops.push_back(std::move(top));
    offsets.push_back(offset);
    offset += CountCodePoints(text);
  }
  return {{"tokens", std::move(names)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

void Run(Service& service, CompletionCall& call, HttpExchange& exchange) {
  GenerationCall& base = call.base;
  Json choices = Json::array();
  Usage total;
  bool begun = false;
  // Of a stream: what was told of tokens whose text has not come yet, and how far the text is.
  std::vector<TokenLogprob> pending;
  size_t told = 0;
  if (base.stream && base.options.top_logprobs >= 0) {
    base.options.on_logprob = [&](const TokenLogprob& token) { pending.push_back(token); };
  }
  const auto send = [&](int index, const std::string& text, const char* finish) {
    if (!begun) {
      begun = true;
      exchange.Begin(EventStreamHead());
    }
    Json logprobs;
    if (!pending.empty()) {
      logprobs = LogprobsJson(pending, told);
      for (const TokenLogprob& token : pending) told += CountCodePoints(RepairUtf8(token.bytes));
      pending.clear();
    }
    Json chunk = Whole(
        base, Json::array({Json{{"text", text},
                                {"index", index},
                                {"logprobs", std::move(logprobs)},
                                {"finish_reason", finish == nullptr ? Json() : Json(finish)}}}));
    if (base.include_usage) chunk["usage"] = nullptr;
    return exchange.Write(ServerEvent(chunk));
  };
  for (size_t p = 0; p < call.prompts.size(); ++p) {
    const int first = static_cast<int>(p) * base.choices;
    base.messages = {{"user", call.prompts[p]}};
    const auto usage =
        RunChoices(service, base, exchange.gone(),
                   {[&](int choice) {
                      told = 0;
                      if (base.stream && call.echo) send(first + choice, call.prompts[p], nullptr);
                    },
                    [&](int choice, std::string_view piece) {
                      return !base.stream || send(first + choice, std::string(piece), nullptr);
                    },
                    [&](int choice, const Generation& answer) {
                      if (base.stream) {
                        send(first + choice, "", FinishName(answer.finish));
                        return;
                      }
                      Json logprobs;
                      if (base.options.top_logprobs >= 0)
                        logprobs = LogprobsJson(answer.logprobs, 0);
                      choices.push_back({{"text", (call.echo ? call.prompts[p] : "") + answer.text},
                                         {"index", first + choice},
                                         {"logprobs", std::move(logprobs)},
                                         {"finish_reason", FinishName(answer.finish)}});
                    }});
    if (!usage) {
      if (!begun) return exchange.Send(ErrorResponse(usage.error()));
      exchange.Write("data: " + ErrorResponse(usage.error()).body + "\n\n");
      return exchange.End();
    }
    total.prompt += usage->prompt;
    total.completion += usage->completion;
    total.cached += usage->cached;
  }
  if (!base.stream) {
    Json whole = Whole(base, std::move(choices));
    whole["usage"] = UsageJson(total);
    return exchange.Send(JsonResponse(whole));
  }
  if (!begun) exchange.Begin(EventStreamHead());
  if (base.include_usage) {
    Json chunk = Whole(base, Json::array());
    chunk["usage"] = UsageJson(total);
    exchange.Write(ServerEvent(chunk));
  }
  exchange.Write("data: [DONE]\n\n");
  exchange.End();
}

}  // namespace

void AnswerCompletion(Service& service, const std::shared_ptr<HttpExchange>& exchange) {
  auto call = ReadCompletion(service, exchange->request().body);
  if (!call) return exchange->Send(ErrorResponse(call.error()));
  Enqueue(service, exchange, [&service, exchange, call = *std::move(call)]() mutable {
    Run(service, call, *exchange);
  });
}

}  // namespace idiolect
