#include "serve/chat_api.h"

#include "base/text.h"
#include "serve/generation.h"
#include "serve/ids.h"

namespace idiolect {
namespace {

// A message's content: a text, or parts that are all texts.
std::optional<std::string> ContentOf(const Json& message) {
  const auto content = message.find("content");
  if (content == message.end() || content->is_null()) return std::string();
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return std::nullopt;
  std::string text;
  for (const Json& part : *content) {
    if (!part.is_object() || part.value("type", Json()) != "text" || !part.contains("text") ||
        !part["text"].is_string()) {
      return std::nullopt;
    }
    text += part["text"].get<std::string>();
  }
  return text;
}

ApiResult<std::vector<ChatMessage>> ReadMessages(const Json& list) {
  if (list.empty()) {
    return Refuse(400, "Invalid 'messages': empty array. Expected an array with minimum length 1.",
                  "messages", "empty_array");
  }
  std::vector<ChatMessage> messages;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = "messages[" + std::to_string(i) + "]";
    const Json& entry = list[i];
    if (!entry.is_object()) {
      return Refuse(400, "Invalid type for '" + place + "': expected an object.", place,
                    "invalid_type");
    }
    ChatMessage message;
    const auto role = entry.find("role");
    if (role != entry.end() && role->is_string()) message.role = role->get<std::string>();
    if (message.role == "developer") message.role = "system";
    if (message.role == "tool" || message.role == "function" ||
        (entry.contains("tool_calls") && !entry["tool_calls"].empty())) {
      return Refuse(400, "Tools are not available: models here answer in text.", place + ".role",
                    "unsupported_value");
    }
    if (message.role != "system" && message.role != "user" && message.role != "assistant") {
      return Refuse(400,
                    "Invalid value: '" + message.role +
                        "'. Supported values are: 'system', 'developer', 'user', and 'assistant'.",
                    place + ".role", "invalid_value");
    }
    auto content = ContentOf(entry);
    if (!content) {
      return Refuse(400,
                    "Invalid content of '" + place +
                        "': expected a string or parts of type 'text'; images and sound are not "
                        "available.",
                    place + ".content", "invalid_type");
    }
    message.content = *std::move(content);
    messages.push_back(std::move(message));
  }
  return messages;
}

// What means something elsewhere and nothing here; a field whose absence would change the answer is
// refused instead.
void IgnoreHarmless(Fields& fields) {
  fields.Ignore({"user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
                 "prompt_cache_options", "store", "metadata", "service_tier", "parallel_tool_calls",
                 "reasoning_effort", "verbosity", "tool_choice", "function_call"});
}

void RefuseUnavailable(Fields& fields) {
  const auto refuse = [&](const char* name, const std::string& what) {
    fields.Fault(Refuse(400, what + " not available: models here answer in text.", name,
                        "unsupported_parameter")
                     .value());
  };
  for (const char* name : {"tools", "functions"}) {
    const Json* list = fields.ArrayOrNull(name);
    if (list != nullptr && !list->empty()) refuse(name, "Tools are");
  }
  if (fields.RawOrNull("audio") != nullptr) refuse("audio", "Sound is");
  for (const char* name : {"prediction", "web_search_options", "moderation"}) {
    if (fields.RawOrNull(name) != nullptr) refuse(name, "'" + std::string(name) + "' is");
  }
  const Json* modalities = fields.ArrayOrNull("modalities");
  if (modalities != nullptr && *modalities != Json::array({"text"})) {
    refuse("modalities", "Other modalities than 'text' are");
  }
}

ApiResult<GenerationCall> ReadChat(Service& service, const std::string& body) {
  API_ASSIGN(const Json json, ParseObject(body));
  Fields fields(json);
  GenerationCall call;
  fields.Require("model");
  fields.Require("messages");
  const std::string model = fields.Text("model").value_or("");
  const Json* list = fields.ArrayOrNull("messages");
  ReadSampling(fields, &call);
  const auto old_limit = fields.Integer("max_tokens", 1, 1'000'000);
  const auto limit = fields.Integer("max_completion_tokens", 1, 1'000'000);
  call.options.max_tokens =
      static_cast<int>(limit.value_or(old_limit.value_or(service.options.max_answer_tokens)));
  const bool logprobs = fields.Flag("logprobs").value_or(false);
  const auto top = fields.Integer("top_logprobs", 0, 20);
  if (top && !logprobs) {
    fields.Fault(Refuse(400,
                        "The 'top_logprobs' parameter is only allowed when 'logprobs' is "
                        "enabled.",
                        "top_logprobs", "invalid_value")
                     .value());
  }
  if (logprobs) call.options.top_logprobs = static_cast<int>(top.value_or(0));
  if (const Json* format = fields.ObjectOrNull("response_format")) {
    const Json type = format->value("type", Json());
    if (type == "json_object") {
      call.options.form = AnswerForm::kJson;
    } else if (type != "text") {
      fields.Fault(Refuse(400,
                          "Invalid 'response_format.type': 'text' and 'json_object' are available "
                          "here.",
                          "response_format.type", "invalid_value")
                       .value());
    }
  }
  IgnoreHarmless(fields);
  RefuseUnavailable(fields);
  API_RETURN_IF_ERROR(fields.Done());
  API_ASSIGN(call.messages, ReadMessages(*list));
  API_RETURN_IF_ERROR(ChooseServedModel(service, model, &call));

  bool system = false;
  for (const ChatMessage& message : call.messages) system = system || message.role == "system";
  if (!system && service.options.system_prompt == SystemPromptRule::kAsTrained &&
      !call.model.system_prompt.empty()) {
    call.messages.insert(call.messages.begin(), {"system", call.model.system_prompt});
  }
  // An empty one is the way to ask for none.
  std::erase_if(call.messages,
                [](const ChatMessage& m) { return m.role == "system" && m.content.empty(); });
  call.id = "chatcmpl-" + RandomId(29);
  return call;
}

Json TokenJson(const std::string& bytes, double logprob) {
  Json list = Json::array();
  for (const char c : bytes) list.push_back(static_cast<unsigned char>(c));
  return {{"token", RepairUtf8(bytes)},
          {"logprob", std::max(logprob, -9999.0)},
          {"bytes", std::move(list)}};
}

Json LogprobsJson(const std::vector<TokenLogprob>& tokens) {
  Json content = Json::array();
  for (const TokenLogprob& token : tokens) {
    Json entry = TokenJson(token.bytes, token.logprob);
    entry["top_logprobs"] = Json::array();
    for (const auto& [bytes, logprob] : token.top) {
      entry["top_logprobs"].push_back(TokenJson(bytes, logprob));
    }
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

// Tells an answer as chunks while it is made.
class ChatStream {
 public:
  ChatStream(const GenerationCall& call, HttpExchange& exchange)
      : call_(call), exchange_(exchange) {}

  void Choice(int choice) {
    pending_.clear();
    opened_ = false;
    choice_ = choice;
  }
  void Logprob(const TokenLogprob& token) { pending_.push_back(token); }
  bool Piece(std::string_view piece) {
    Open();
    return Send({{"content", piece}}, nullptr);
  }
  void End(const Generation& answer) {
    Open();
    Send(Json::object(), FinishName(answer.finish));
  }
  void Finish(const Usage& usage) {
    if (!begun_) Begin();
    if (call_.include_usage) {
      Json chunk = Chunk();
      chunk["choices"] = Json::array();
      chunk["usage"] = UsageJson(usage);
      exchange_.Write(ServerEvent(chunk));
    }
    exchange_.Write("data: [DONE]\n\n");
    exchange_.End();
  }
  // An error after the head was sent can only be an event.
  void Fail(const ApiError& error) {
    if (!begun_) return exchange_.Send(ErrorResponse(error));
    exchange_.Write("data: " + ErrorResponse(error).body + "\n\n");
    exchange_.End();
  }

 private:
  void Begin() {
    begun_ = true;
    exchange_.Begin(EventStreamHead());
  }
  void Open() {
    if (!begun_) Begin();
    if (opened_) return;
    opened_ = true;
    std::vector<TokenLogprob> later;
    later.swap(pending_);  // they belong to text, not to the opening
    Send({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, nullptr);
    pending_.swap(later);
  }
  Json Chunk() const {
    return {{"id", call_.id},
            {"object", "chat.completion.chunk"},
            {"created", call_.created},
            {"model", call_.model_asked},
            {"service_tier", "default"},
            {"system_fingerprint", Fingerprint()}};
  }
  bool Send(Json delta, const char* finish) {
    Json chunk = Chunk();
    Json logprobs;
    if (!pending_.empty()) {
      logprobs = LogprobsJson(pending_);
      pending_.clear();
    }
    Json choice = {{"index", choice_},
                   {"delta", std::move(delta)},
                   {"logprobs", std::move(logprobs)},
                   {"finish_reason", finish == nullptr ? Json() : Json(finish)}};
    chunk["choices"] = Json::array({std::move(choice)});
    if (call_.include_usage) chunk["usage"] = nullptr;
    if (call_.obfuscate) {
      const std::string noise = RandomId(16);
      chunk["obfuscation"] = noise.substr(static_cast<unsigned char>(noise[0]) % 16);
    }
    return exchange_.Write(ServerEvent(chunk));
  }

  const GenerationCall& call_;
  HttpExchange& exchange_;
  std::vector<TokenLogprob> pending_;
  bool begun_ = false, opened_ = false;
  int choice_ = 0;
};

void StreamChat(Service& service, GenerationCall call, HttpExchange& exchange) {
  ChatStream stream(call, exchange);
  if (call.options.top_logprobs >= 0) {
    call.options.on_logprob = [&stream](const TokenLogprob& token) { stream.Logprob(token); };
  }
  const auto usage = RunChoices(service, call, exchange.gone(),
                                {[&](int choice) { stream.Choice(choice); },
                                 [&](int, std::string_view piece) { return stream.Piece(piece); },
                                 [&](int, const Generation& answer) { stream.End(answer); }});
  if (!usage) return stream.Fail(usage.error());
  stream.Finish(*usage);
}

void AnswerChatWhole(Service& service, const GenerationCall& call, HttpExchange& exchange) {
  Json choices = Json::array();
  const auto usage =
      RunChoices(service, call, exchange.gone(),
                 {nullptr, nullptr, [&](int choice, const Generation& answer) {
                    Json logprobs;
                    if (call.options.top_logprobs >= 0) logprobs = LogprobsJson(answer.logprobs);
                    choices.push_back({{"index", choice},
                                       {"message",
                                        {{"role", "assistant"},
                                         {"content", answer.text},
                                         {"refusal", nullptr},
                                         {"annotations", Json::array()}}},
                                       {"logprobs", std::move(logprobs)},
                                       {"finish_reason", FinishName(answer.finish)}});
                  }});
  if (!usage) return exchange.Send(ErrorResponse(usage.error()));
  exchange.Send(JsonResponse({{"id", call.id},
                              {"object", "chat.completion"},
                              {"created", call.created},
                              {"model", call.model_asked},
                              {"choices", std::move(choices)},
                              {"usage", UsageJson(*usage)},
                              {"service_tier", "default"},
                              {"system_fingerprint", Fingerprint()}}));
}

}  // namespace

void AnswerChat(Service& service, const std::shared_ptr<HttpExchange>& exchange) {
  auto call = ReadChat(service, exchange->request().body);
  if (!call) return exchange->Send(ErrorResponse(call.error()));
  Enqueue(service, exchange, [&service, exchange, call = *std::move(call)]() mutable {
    if (call.stream) return StreamChat(service, std::move(call), *exchange);
    AnswerChatWhole(service, call, *exchange);
  });
}

}  // namespace idiolect
