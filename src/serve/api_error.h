#pragma once
// Errors as OpenAI's API words them: a status and {"error":{message,type,param,code}}, all four
// keys always there. The official SDKs choose their exception by the status.

#include <string>

#include "base/result.h"
#include "serve/http.h"

namespace idiolect {

struct ApiError {
  int status = 500;
  std::string message;
  std::string type = "invalid_request_error";
  std::string param;  // empty: null
  std::string code;   // empty: null
};

template <typename T>
using ApiResult = tl::expected<T, ApiError>;

tl::unexpected<ApiError> Refuse(int status, std::string message, std::string param = {},
                                std::string code = {});
// What the rest of the program failed with, its hint in the message.
ApiError FromError(const Error& error);
HttpResponse ErrorResponse(const ApiError& error);

}  // namespace idiolect

// ASSIGN_OR_REFUSE(auto file, …): for a Result inside a function that gives an ApiResult.
#define ASSIGN_OR_REFUSE_INNER(result, declaration, expression)                       \
  auto result = (expression);                                                         \
  if (!result) return tl::unexpected<ApiError>(FromError(std::move(result).error())); \
  declaration = *std::move(result)
#define ASSIGN_OR_REFUSE(declaration, expression) \
  ASSIGN_OR_REFUSE_INNER(IDIOLECT_CONCAT(result_, __LINE__), declaration, expression)
#define REFUSE_IF_ERROR(expression)                                                   \
  do {                                                                                \
    if (auto refused_status_ = (expression); !refused_status_)                        \
      return tl::unexpected<ApiError>(FromError(std::move(refused_status_).error())); \
  } while (false)
#define API_ASSIGN_INNER(result, declaration, expression)                  \
  auto result = (expression);                                              \
  if (!result) return tl::unexpected<ApiError>(std::move(result).error()); \
  declaration = *std::move(result)
// API_ASSIGN(auto value, …): for an ApiResult.
#define API_ASSIGN(declaration, expression) \
  API_ASSIGN_INNER(IDIOLECT_CONCAT(api_result_, __LINE__), declaration, expression)
#define API_RETURN_IF_ERROR(expression)                                \
  do {                                                                 \
    if (auto api_status_ = (expression); !api_status_)                 \
      return tl::unexpected<ApiError>(std::move(api_status_).error()); \
  } while (false)
