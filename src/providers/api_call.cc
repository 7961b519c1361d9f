#include "providers/api_call.h"

#include <charconv>
#include <ctime>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "providers/dotenv.h"

namespace idiolect {
namespace {

RetryPolicy PolicyOf(const Provider& provider) {
  RetryPolicy policy;
  policy.tries = static_cast<int>(provider.tries);
  policy.first_delay_ms = static_cast<int>(provider.retry_ms);
  return policy;
}

// The server's own words, whichever of the usual places they stand in.
struct ServerWords {
  std::string message, code, type;
};

ServerWords WordsOf(const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  ServerWords words;
  if (!json.is_object()) return words;
  const Json& error = ChildOf(json, "error");
  if (error.is_object()) {
    words.message = TextOf(error, "message");
    words.code = TextOf(error, "code");
    if (words.code.empty()) words.code = TextOf(error, "status");
    words.type = TextOf(error, "type");
  }
  for (const char* name : {"error", "message", "detail"}) {
    if (words.message.empty()) words.message = TextOf(json, name);
  }
  if (words.message.size() > 600) words.message = RepairUtf8(words.message.substr(0, 600)) + "…";
  return words;
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool SaysClosed(const ServerWords& words) {
  if (words.code == "model_not_available" || words.code == "fine_tuning_not_available") return true;
  const bool about = Contains(words.message, "fine-tun") || Contains(words.message, "fine tun") ||
                     Contains(words.message, "Fine-tun");
  return about &&
         (Contains(words.message, "no longer") || Contains(words.message, "not available") ||
          Contains(words.message, "not allowed") || Contains(words.message, "deprecated"));
}

}  // namespace

const Json& ChildOf(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string TextOf(const Json& object, const char* name) {
  const Json& field = ChildOf(object, name);
  return field.is_string() ? field.get<std::string>() : std::string();
}

int64_t IntegerOf(const Json& object, const char* name) {
  const Json& field = ChildOf(object, name);
  if (field.is_number_integer()) return field.get<int64_t>();
  if (field.is_number()) {
    const double value = field.get<double>();
    return value > -9e15 && value < 9e15 ? static_cast<int64_t>(value) : 0;
  }
  if (!field.is_string()) return 0;
  const auto& text = field.get_ref<const std::string&>();
  int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  return end == text.data() + text.size() ? value : 0;
}

double NumberOf(const Json& object, const char* name) {
  const Json& field = ChildOf(object, name);
  return field.is_number() ? field.get<double>() : 0;
}

int64_t TimeOf(const Json& object, const char* name) {
  const Json& field = ChildOf(object, name);
  if (!field.is_string()) return IntegerOf(object, name);
  const auto& text = field.get_ref<const std::string&>();
  return text.size() < 19 ? 0 : ParseIsoSeconds(std::string_view(text).substr(0, 19)).value_or(0);
}

ApiCaller::ApiCaller(const ServiceOptions& options, HttpClient& http, const Interrupt& interrupt)
    : options_(options),
      interrupt_(interrupt),
      retry_(http, PolicyOf(options.provider),
             // Jitter must differ between machines and runs, nothing more.
             Hash64(options.key, static_cast<uint64_t>(std::time(nullptr)))) {}

Result<HttpRequest> ApiCaller::Request(const char* method, const std::string& path) const {
  HttpRequest request;
  request.method = method;
  request.url = path.starts_with("http") ? path : options_.provider.base_url + path;
  request.total_timeout_s = static_cast<int>(options_.provider.timeout_s);
  request.stall_timeout_s = static_cast<int>(options_.provider.timeout_s);
  if (options_.key.find_first_of("\r\n") != std::string::npos) {
    return Fail(ErrorKind::kMisuse, "the key in " + options_.key_source + " holds a line break",
                "write it on one line");
  }
  if (token) {
    ASSIGN_OR_RETURN(const auto value, token());
    request.headers.push_back("Authorization: Bearer " + value);
  } else if (!options_.key.empty()) {
    switch (options_.provider.auth) {
      case AuthStyle::kBearer:
      case AuthStyle::kGoogleToken:
        request.headers.push_back("Authorization: Bearer " + options_.key);
        break;
      case AuthStyle::kApiKeyHeader:
        request.headers.push_back("api-key: " + options_.key);
        break;
      case AuthStyle::kGoogleKeyHeader:
        request.headers.push_back("x-goog-api-key: " + options_.key);
        break;
    }
  }
  return request;
}

HttpAnswer ApiCaller::Send(const HttpRequest& request, Repeat repeat) {
  return retry_.Send(request, repeat, interrupt_);
}

HttpAnswer ApiCaller::Send(const HttpRequest& request, Repeat repeat, const Interrupt& interrupt) {
  return retry_.Send(request, repeat, interrupt);
}

Error ApiCaller::ErrorOf(const std::string& doing, const HttpAnswer& answer) const {
  const Provider& provider = options_.provider;
  if (answer.error) {
    Error error = *answer.error;
    error.message =
        WithoutSecrets(doing + " at " + provider.title + ": " + error.message, options_.key);
    return error;
  }
  const ServerWords words = WordsOf(answer.body);
  std::string message = doing + " at " + provider.title + ": ";
  const std::string said =
      words.message.empty() ? "" : ": " + WithoutSecrets(words.message, options_.key);
  const auto status = std::to_string(answer.status);
  if ((answer.status == 400 || answer.status == 403 || answer.status == 404) && SaysClosed(words)) {
    message += "it does not take this fine-tuning job" + said;
    if (!provider.note_en.empty()) message += " (" + provider.Note(options_.language) + ")";
    return {ErrorKind::kFailed, message, options_.closed_hint};
  }
  switch (answer.status) {
    case 401:
      return {ErrorKind::kFailed, message + "the key was not accepted" + said,
              options_.key_source.empty() ? "put a key into .env as " + provider.key_env
                                          : "the key came from " + options_.key_source +
                                                "; is it expired or of another project?"};
    case 403:
      return {ErrorKind::kFailed, message + "the key has no right to do this" + said,
              options_.closed_hint};
    case 404:
    case 410:
      return {ErrorKind::kNotFound, message + "there is no such thing" + said, ""};
    case 402:
      return {ErrorKind::kFailed, message + "it wants money first" + said,
              "look at the account's billing page"};
    case 429:
      if (words.code == "insufficient_quota") {
        return {ErrorKind::kFailed, message + "the account's quota is used up" + said,
                "look at the account's billing page"};
      }
      return {ErrorKind::kUnavailable, message + "too many requests (429)" + said,
              "run the same command later: it goes on from here"};
    default:
      break;
  }
  if (answer.status == 408 || answer.status >= 500) {
    return {ErrorKind::kUnavailable, message + "the server answered " + status + said,
            "run the same command later: it goes on from here"};
  }
  if (answer.status >= 300 && answer.status < 400) {
    return {ErrorKind::kFailed, message + "it sends us elsewhere (" + status + ")",
            "check the base URL"};
  }
  return {ErrorKind::kFailed, message + "it refused (" + status + ")" + said, ""};
}

Result<Json> ApiCaller::Ask(const std::string& doing, const char* method, const std::string& path) {
  for (int64_t tried = 1;; ++tried) {
    ASSIGN_OR_RETURN(const auto request, Request(method, path));
    const HttpAnswer answer = Send(request, Repeat::kAlways);
    if (!answer.Ok()) return tl::unexpected<Error>(ErrorOf(doing, answer));
    Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) return json;
    if (tried >= 3) {
      return Fail(ErrorKind::kBadInput,
                  doing + " at " + options_.provider.title + ": the answer is not a JSON object",
                  "check the base URL: " + options_.provider.base_url);
    }
    if (!PauseFor(options_.provider.retry_ms, interrupt_)) {
      return Fail(ErrorKind::kInterrupted, doing + " was interrupted");
    }
  }
}

Result<HttpRequest> ApiCaller::JsonRequest(const std::string& path, const Json& body) const {
  ASSIGN_OR_RETURN(auto request, Request("POST", path));
  request.headers.emplace_back("Content-Type: application/json");
  request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return request;
}

Result<Json> ApiCaller::Post(const std::string& doing, const std::string& path, const Json& body,
                             Repeat repeat) {
  ASSIGN_OR_RETURN(const auto request, JsonRequest(path, body));
  const HttpAnswer answer = Send(request, repeat);
  if (!answer.Ok()) return tl::unexpected<Error>(ErrorOf(doing, answer));
  Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return Fail(ErrorKind::kBadInput,
              doing + " at " + options_.provider.title + ": the answer is not a JSON object");
}

Created<Json> ApiCaller::Create(const std::string& doing, const HttpRequest& request) {
  const HttpAnswer answer = Send(request, Repeat::kUnlessMaybeDone);
  if (answer.Ok()) {
    Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) return Created<Json>::Made(std::move(json));
    return Created<Json>::Maybe(
        {ErrorKind::kUnavailable,
         doing + " at " + options_.provider.title + ": the answer is not a JSON object",
         "run the same command again: it looks first whether it was done"});
  }
  Error error = ErrorOf(doing, answer);
  const bool refused = answer.delivery == Delivery::kNotSent || answer.status == 429 ||
                       (answer.status >= 300 && answer.status < 500 && answer.status != 408 &&
                        answer.status != 409 && answer.status != 425);
  return refused ? Created<Json>::Refused(std::move(error))
                 : Created<Json>::Maybe(std::move(error));
}

}  // namespace idiolect
