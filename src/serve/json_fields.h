#pragma once
// Reads a JSON request strictly and words what is wrong as OpenAI's API does, so that a client's
// error handling sees the codes it knows ("missing_required_parameter", "invalid_type", …).

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "serve/api_error.h"

namespace idiolect {

using Json = nlohmann::ordered_json;

std::string DumpJson(const Json& json);  // one line; ill-formed UTF-8 becomes U+FFFD

// A request's body: an object, not nested deeper than 64 levels (400 otherwise).
ApiResult<Json> ParseObject(std::string_view body);

// Takes fields out of an object one by one; null counts as absent. The first fault is kept and
// every later call gives nothing, so that a reader asks for all it wants and looks at the end.
// The object must outlive it.
class Fields {
 public:
  // `prefix` stands before names in messages: "stream_options.".
  explicit Fields(const Json& object, std::string prefix = {});

  std::optional<std::string> Text(const char* name);
  std::optional<int64_t> Integer(const char* name, int64_t least, int64_t most);
  std::optional<double> Number(const char* name, double least, double most);
  std::optional<bool> Flag(const char* name);
  // Any value but null.
  const Json* RawOrNull(const char* name);
  const Json* ObjectOrNull(const char* name);
  const Json* ArrayOrNull(const char* name);
  void Require(const char* name);
  // Known and without effect here.
  void Ignore(std::initializer_list<const char*> names);
  void Fault(ApiError error);
  bool ok() const { return !fault_; }

  // The first fault; else 400 for a field nobody asked for.
  ApiResult<void> Done() const;

 private:
  void WrongType(const char* name, const char* expected, const Json& got);
  const Json& object_;
  const std::string prefix_;
  std::set<std::string> known_;
  std::optional<ApiError> fault_;
};

// "?limit=20": `otherwise` when absent; 400 when it is no whole number from `least` to `most`.
ApiResult<int64_t> QueryInteger(const IncomingRequest& request, const std::string& name,
                                int64_t least, int64_t most, int64_t otherwise);

}  // namespace idiolect
