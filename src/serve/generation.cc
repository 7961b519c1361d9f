#include "serve/generation.h"

#include <cstdlib>
#include <exception>

#include "base/hash.h"
#include "base/log.h"
#include "base/version.h"
#include "serve/ids.h"

namespace idiolect {
namespace {

void ReadStop(Fields& fields, GenerateOptions* options) {
  const Json* stop = fields.RawOrNull("stop");
  if (stop == nullptr) return;
  const auto wrong = [&] {
    fields.Fault(Refuse(400, "Invalid 'stop': expected a string or an array of up to 4 strings.",
                        "stop", "invalid_value")
                     .value());
  };
  if (stop->is_string()) {
    if (!stop->get_ref<const std::string&>().empty()) options->stop = {stop->get<std::string>()};
  } else if (stop->is_array() && stop->size() <= 4) {
    for (const Json& one : *stop) {
      if (!one.is_string()) return wrong();
      if (!one.get_ref<const std::string&>().empty()) options->stop.push_back(one);
    }
  } else {
    wrong();
  }
}

void ReadLogitBias(Fields& fields, GenerateOptions* options) {
  const Json* bias = fields.ObjectOrNull("logit_bias");
  if (bias == nullptr) return;
  for (const auto& [token, value] : bias->items()) {
    char* end = nullptr;
    const long id = std::strtol(token.c_str(), &end, 10);
    if (token.empty() || *end != '\0' || id < 0 || id > INT32_MAX || !value.is_number() ||
        value < -100 || value > 100) {
      fields.Fault(Refuse(400, "Invalid 'logit_bias': maps token ids to numbers from -100 to 100.",
                          "logit_bias", "invalid_value")
                       .value());
      return;
    }
    options->logit_bias.emplace_back(static_cast<int32_t>(id), value.get<float>());
  }
}

uint64_t RandomSeed() {
  uint64_t seed = 0;
  for (const char c : RandomId(11)) seed = seed * 131 + static_cast<unsigned char>(c);
  return seed;
}

}  // namespace

void ReadSampling(Fields& fields, GenerationCall* call) {
  GenerateOptions& o = call->options;
  o.temperature = fields.Number("temperature", 0, 2).value_or(o.temperature);
  o.top_p = fields.Number("top_p", 0, 1).value_or(o.top_p);
  o.presence_penalty = fields.Number("presence_penalty", -2, 2).value_or(0);
  o.frequency_penalty = fields.Number("frequency_penalty", -2, 2).value_or(0);
  // As llama.cpp's server and vLLM name them.
  o.top_k = static_cast<int>(fields.Integer("top_k", 0, 1'000'000).value_or(0));
  o.min_p = fields.Number("min_p", 0, 1).value_or(o.min_p);
  o.repetition_penalty = fields.Number("repetition_penalty", 0.5, 2).value_or(o.repetition_penalty);
  const auto seed = fields.Integer("seed", INT64_MIN, INT64_MAX);
  o.seed = seed ? static_cast<uint64_t>(*seed) : RandomSeed();
  ReadStop(fields, &o);
  ReadLogitBias(fields, &o);
  call->choices = static_cast<int>(fields.Integer("n", 1, 128).value_or(1));
  call->stream = fields.Flag("stream").value_or(false);
  if (const Json* options = fields.ObjectOrNull("stream_options")) {
    if (!call->stream) {
      fields.Fault(Refuse(400,
                          "The 'stream_options' parameter is only allowed when 'stream' is "
                          "enabled.",
                          "stream_options", "invalid_value")
                       .value());
    }
    Fields inner(*options, "stream_options.");
    call->include_usage = inner.Flag("include_usage").value_or(false);
    call->obfuscate = inner.Flag("include_obfuscation").value_or(false);
    if (auto done = inner.Done(); !done) fields.Fault(done.error());
  }
}

ApiResult<void> ChooseServedModel(Service& service, const std::string& name, GenerationCall* call) {
  ASSIGN_OR_REFUSE(auto model, service.WithWorkspace([&](Workspace& workspace) {
    return FindNamedModel(workspace, *service.store, name);
  }));
  if (!model) return tl::unexpected<ApiError>(NoSuchModel(name));
  call->model = *std::move(model);
  call->model_asked = name;
  call->created = service.clock->UnixSeconds();
  return {};
}

Json UsageJson(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt},
          {"completion_tokens", usage.completion},
          {"total_tokens", usage.prompt + usage.completion},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached}, {"audio_tokens", 0}}},
          {"completion_tokens_details",
           {{"reasoning_tokens", 0},
            {"audio_tokens", 0},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

ApiResult<Usage> RunChoices(Service& service, const GenerationCall& call,
                            const Interrupt& interrupt, const GenerationListener& listener) {
  using Steady = std::chrono::steady_clock;
  ASSIGN_OR_REFUSE(const auto model, service.models->Open(call.model.spec));
  Usage usage;
  for (int choice = 0; choice < call.choices && !interrupt.Requested(); ++choice) {
    const auto start = Steady::now();
    ASSIGN_OR_REFUSE(const auto session, model->NewSession());
    GenerateOptions options = call.options;
    options.seed += static_cast<uint64_t>(choice);
    if (listener.on_choice) listener.on_choice(choice);
    auto answer = session->Generate(
        call.messages, options,
        [&](std::string_view piece) {
          return !interrupt.Requested() && (!listener.on_piece || listener.on_piece(choice, piece));
        },
        interrupt);
    if (!answer) {
      if (answer.error().kind == ErrorKind::kInterrupted) break;
      return tl::unexpected<ApiError>(FromError(answer.error()));
    }
    // The prompt of all choices is one and is counted once, as OpenAI does.
    usage.prompt = answer->prompt_tokens;
    if (choice == 0) usage.cached = answer->cached_tokens;
    usage.completion += answer->completion_tokens;
    service.metrics.CountAnswer(choice == 0 ? answer->prompt_tokens : 0, answer->completion_tokens,
                                std::chrono::duration<double>(Steady::now() - start).count());
    if (interrupt.Requested()) break;
    if (listener.on_end) listener.on_end(choice, *answer);
  }
  return usage;
}

void Enqueue(Service& service, const std::shared_ptr<HttpExchange>& exchange,
             std::function<void()> work) {
  const bool taken = service.answers->Add([&service, exchange, work = std::move(work)] {
    if (exchange->gone().Requested()) {
      ++service.metrics.clients_gone;
      return;
    }
    // The last catch: an exception here is a bug of ours, not of the client's.
    try {
      work();
    } catch (const std::exception& e) {
      LogBug("the server", e);
      exchange->Send(ErrorResponse(Refuse(500, "The server had an error.").value()));
      exchange->End();
    }
    if (exchange->gone().Requested()) ++service.metrics.clients_gone;
  });
  if (taken) return;
  ++service.metrics.refused_busy;
  exchange->Send(ErrorResponse(
      Refuse(429, "The server is answering as many requests as it can. Try again in a moment.", "",
             "server_busy")
          .value()));
}

const char* FinishName(FinishReason reason) {
  return reason == FinishReason::kLength ? "length" : "stop";
}

HttpResponse JsonResponse(const Json& json) {
  HttpResponse response;
  response.body = DumpJson(json);
  return response;
}

HttpResponse EventStreamHead() {
  HttpResponse head;
  head.content_type = "text/event-stream; charset=utf-8";
  return head;
}

std::string ServerEvent(const Json& json) {
  return "data: " + DumpJson(json) + "\n\n";
}

std::string Fingerprint() {
  return "fp_" + Sha256Hex(std::string("idiolect ") + kVersion).substr(0, 10);
}

}  // namespace idiolect
