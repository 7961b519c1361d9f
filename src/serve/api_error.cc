#include "serve/api_error.h"

#include <nlohmann/json.hpp>

namespace idiolect {

tl::unexpected<ApiError> Refuse(int status, std::string message, std::string param,
                                std::string code) {
  ApiError error;
  error.status = status;
  error.message = std::move(message);
  error.param = std::move(param);
  error.code = std::move(code);
  if (status == 429) error.type = "rate_limit_error";
  if (status >= 500) error.type = "server_error";
  return tl::unexpected<ApiError>(std::move(error));
}

ApiError FromError(const Error& error) {
  int status = 500;
  switch (error.kind) {
    case ErrorKind::kBadInput:
    case ErrorKind::kMisuse:
      status = 400;
      break;
    case ErrorKind::kNotFound:
      status = 404;
      break;
    case ErrorKind::kUnavailable:
    case ErrorKind::kInterrupted:
      status = 503;
      break;
    case ErrorKind::kFailed:
      break;
  }
  return Refuse(status, error.message + (error.hint.empty() ? "" : "; try: " + error.hint)).value();
}

HttpResponse ErrorResponse(const ApiError& error) {
  using Json = nlohmann::ordered_json;
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  const Json body = {{"error",
                      {{"message", error.message},
                       {"type", error.type},
                       {"param", or_null(error.param)},
                       {"code", or_null(error.code)}}}};
  HttpResponse response;
  response.status = error.status;
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (error.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (error.status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace idiolect
