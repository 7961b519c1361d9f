#pragma once
// What /v1/chat/completions and /v1/completions share: reading the sampling fields of a request,
// and running its choices one after another on the answer threads.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/chat_model.h"
#include "serve/json_fields.h"
#include "serve/service.h"

namespace idiolect {

struct GenerationCall {
  NamedModel model;
  std::string model_asked;  // as the client named it: what the answer says
  std::vector<ChatMessage> messages;
  GenerateOptions options;
  int choices = 1;
  bool stream = false;
  bool include_usage = false;
  bool obfuscate = false;
  std::string id;
  int64_t created = 0;
};

// temperature, top_p, top_k, min_p, penalties, seed, stop, logit_bias, n, stream, stream_options.
// What the request does not say stays as in GenerateOptions; a seed is drawn.
void ReadSampling(Fields& fields, GenerationCall* call);
// The model of that name; fills call->model and model_asked.
ApiResult<void> ChooseServedModel(Service& service, const std::string& name, GenerationCall* call);

struct Usage {
  int64_t prompt = 0, completion = 0, cached = 0;
};
Json UsageJson(const Usage& usage);

// Told what happens, on the answer thread. Each returns false to stop.
struct GenerationListener {
  std::function<void(int choice)> on_choice;
  std::function<bool(int choice, std::string_view piece)> on_piece;
  std::function<void(int choice, const Generation&)> on_end;
};
// Runs all choices. An error of the model is an ApiError (400 for what is wrong with the request).
ApiResult<Usage> RunChoices(Service& service, const GenerationCall& call,
                            const Interrupt& interrupt, const GenerationListener& listener);

// Puts `work` on the answer threads or answers 429.
void Enqueue(Service& service, const std::shared_ptr<HttpExchange>& exchange,
             std::function<void()> work);

const char* FinishName(FinishReason reason);
HttpResponse JsonResponse(const Json& json);
HttpResponse EventStreamHead();
std::string ServerEvent(const Json& json);
std::string Fingerprint();

}  // namespace idiolect
