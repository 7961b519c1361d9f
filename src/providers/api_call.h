#pragma once
// One call of a JSON API: headers with the key, tries, the answer as JSON or an error in words.
// What the services of this folder share; nobody else includes it.

#include <nlohmann/json.hpp>
#include <string>

#include "providers/tuning_service.h"

namespace idiolect {

using Json = nlohmann::json;

// Fields read leniently: a field of another type is as good as none.
std::string TextOf(const Json& object, const char* name);
int64_t IntegerOf(const Json& object, const char* name);  // also from a text of digits
double NumberOf(const Json& object, const char* name);
int64_t TimeOf(const Json& object, const char* name);       // unix seconds, a number or ISO 8601
const Json& ChildOf(const Json& object, const char* name);  // null when missing

class ApiCaller {
 public:
  ApiCaller(const ServiceOptions& options, HttpClient& http, const Interrupt& interrupt);

  const ServiceOptions& options() const { return options_; }
  const Interrupt& interrupt() const { return interrupt_; }
  // Where a token must be fetched first (Google): gives the Authorization header's value.
  std::function<Result<std::string>()> token;

  // `doing` begins messages: "creating the job". `path` goes after the base URL, or is a whole URL.
  Result<HttpRequest> Request(const char* method, const std::string& path) const;
  HttpAnswer Send(const HttpRequest& request, Repeat repeat);
  HttpAnswer Send(const HttpRequest& request, Repeat repeat, const Interrupt& interrupt);

  // A JSON object, or the error. An answer of 200 that is not JSON is tried again when `repeat`
  // allows.
  Result<Json> Ask(const std::string& doing, const char* method, const std::string& path);
  Result<Json> Post(const std::string& doing, const std::string& path, const Json& body,
                    Repeat repeat);
  // For what creates: tells apart refused and maybe done.
  Created<Json> Create(const std::string& doing, const HttpRequest& request);
  Result<HttpRequest> JsonRequest(const std::string& path, const Json& body) const;

  // What an answer that is not Ok() means.
  Error ErrorOf(const std::string& doing, const HttpAnswer& answer) const;

 private:
  ServiceOptions options_;
  const Interrupt& interrupt_;
  HttpRetry retry_;
};

}  // namespace idiolect
