#include "serve/json_fields.h"

#include <cmath>
#include <cstdlib>

#include "base/json.h"

namespace idiolect {
namespace {

constexpr size_t kDeepest = 64;

const char* KindOf(const Json& value) {
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "a boolean";
  if (value.is_number_integer()) return "an integer";
  if (value.is_number()) return "a decimal";
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  return "null";
}

std::string Shown(double value) {
  return std::abs(value) < 9e15 && value == std::floor(value)
             ? std::to_string(static_cast<int64_t>(value))
             : Json(value).dump();
}

}  // namespace

std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ApiResult<Json> ParseObject(std::string_view body) {
  if (NestsDeeper(body, kDeepest))
    return Refuse(400, "The JSON in the body of your request is nested too deep.");
  Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    return Refuse(400,
                  "We could not parse the JSON body of your request. The API expects a JSON "
                  "payload, but what was sent is not valid JSON.");
  }
  if (!json.is_object()) {
    return Refuse(400, "The body of your request must be a JSON object.", "", "invalid_type");
  }
  return json;
}

Fields::Fields(const Json& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {}

const Json* Fields::RawOrNull(const char* name) {
  known_.insert(name);
  if (fault_) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::Fault(ApiError error) {
  if (!fault_) fault_ = std::move(error);
}

void Fields::WrongType(const char* name, const char* expected, const Json& got) {
  Fault(Refuse(400,
               "Invalid type for '" + prefix_ + name + "': expected " + expected + ", but got " +
                   KindOf(got) + " instead.",
               prefix_ + name, "invalid_type")
            .value());
}

std::optional<std::string> Fields::Text(const char* name) {
  const Json* value = RawOrNull(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    WrongType(name, "a string", *value);
    return std::nullopt;
  }
  return value->get<std::string>();
}

std::optional<double> Fields::Number(const char* name, double least, double most) {
  const Json* value = RawOrNull(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    WrongType(name, "a decimal", *value);
    return std::nullopt;
  }
  const double number = value->get<double>();
  if (!(number >= least && number <= most)) {
    const bool below = number < least;
    Fault(Refuse(400,
                 "Invalid '" + prefix_ + name + "': decimal " +
                     (below ? "below minimum value. Expected a value >= " + Shown(least)
                            : "above maximum value. Expected a value <= " + Shown(most)) +
                     ", but got " + value->dump() + " instead.",
                 prefix_ + name, below ? "decimal_below_min_value" : "decimal_above_max_value")
              .value());
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> Fields::Integer(const char* name, int64_t least, int64_t most) {
  const Json* value = RawOrNull(name);
  if (value == nullptr) return std::nullopt;
  const bool whole =
      value->is_number_integer() ||
      (value->is_number_float() && value->get<double>() == std::floor(value->get<double>()) &&
       std::abs(value->get<double>()) < 9e15);
  if (!whole) {
    WrongType(name, "an integer", *value);
    return std::nullopt;
  }
  const bool huge = value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX;
  const int64_t number = huge ? INT64_MAX : value->get<int64_t>();
  if (huge || number < least || number > most) {
    const bool below = !huge && number < least;
    Fault(Refuse(400,
                 "Invalid '" + prefix_ + name + "': integer " +
                     (below ? "below minimum value. Expected a value >= " + std::to_string(least)
                            : "above maximum value. Expected a value <= " + std::to_string(most)) +
                     ", but got " + value->dump() + " instead.",
                 prefix_ + name, below ? "integer_below_min_value" : "integer_above_max_value")
              .value());
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Fields::Flag(const char* name) {
  const Json* value = RawOrNull(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) {
    WrongType(name, "a boolean", *value);
    return std::nullopt;
  }
  return value->get<bool>();
}

const Json* Fields::ObjectOrNull(const char* name) {
  const Json* value = RawOrNull(name);
  if (value != nullptr && !value->is_object()) {
    WrongType(name, "an object", *value);
    return nullptr;
  }
  return value;
}

const Json* Fields::ArrayOrNull(const char* name) {
  const Json* value = RawOrNull(name);
  if (value != nullptr && !value->is_array()) {
    WrongType(name, "an array", *value);
    return nullptr;
  }
  return value;
}

void Fields::Require(const char* name) {
  if (RawOrNull(name) != nullptr || fault_) return;
  Fault(Refuse(400, "Missing required parameter: '" + prefix_ + name + "'.", prefix_ + name,
               "missing_required_parameter")
            .value());
}

void Fields::Ignore(std::initializer_list<const char*> names) {
  for (const char* name : names) known_.insert(name);
}

ApiResult<void> Fields::Done() const {
  if (fault_) return tl::unexpected<ApiError>(*fault_);
  for (const auto& [name, value] : object_.items()) {
    if (!known_.contains(name)) {
      return Refuse(400, "Unrecognized request argument supplied: " + prefix_ + name,
                    prefix_ + name, "unknown_parameter");
    }
  }
  return {};
}

ApiResult<int64_t> QueryInteger(const IncomingRequest& request, const std::string& name,
                                int64_t least, int64_t most, int64_t otherwise) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  const std::string& text = found->second;
  const bool digits = !text.empty() && text.size() < 16 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const int64_t value = digits ? std::strtoll(text.c_str(), nullptr, 10) : 0;
  if (!digits || value < least || value > most) {
    return Refuse(400,
                  "Invalid '" + name + "': expected an integer from " + std::to_string(least) +
                      " to " + std::to_string(most) + ", but got '" + text + "' instead.",
                  name, "invalid_value");
  }
  return value;
}

}  // namespace idiolect
