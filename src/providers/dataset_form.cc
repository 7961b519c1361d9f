#include "providers/dataset_form.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "providers/api_call.h"

namespace idiolect {
namespace {

struct Turn {
  std::string role, content;
  bool learned = true;
};

// Neighbours of one role joined; the system message, if any, first.
Result<std::vector<Turn>> TurnsOf(const Json& line) {
  const Json& messages = ChildOf(line, "messages");
  if (!messages.is_array() || messages.empty()) {
    return Fail(ErrorKind::kBadInput, "a line has no messages");
  }
  std::vector<Turn> turns;
  for (const Json& message : messages) {
    const std::string role = TextOf(message, "role"), content = TextOf(message, "content");
    const Json& weight = ChildOf(message, "weight");
    const bool learned = !weight.is_number() || weight.get<double>() != 0;
    if (role != "system" && role != "user" && role != "assistant") {
      return Fail(ErrorKind::kBadInput, "a line has a role that is not system, user or assistant");
    }
    if (!turns.empty() && turns.back().role == role) {
      turns.back().content += "\n" + content;
      turns.back().learned = learned;
    } else {
      turns.push_back({role, content, learned});
    }
  }
  return turns;
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

Result<std::optional<std::string>> ConvertLine(std::string_view text, DataForm form) {
  const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) return Fail(ErrorKind::kBadInput, "a line is not a JSON object");
  if (form == DataForm::kOpenAi || form == DataForm::kOpenAiWithBom) {
    return std::optional<std::string>(std::string(text));
  }
  ASSIGN_OR_RETURN(auto turns, TurnsOf(line));
  std::string system;
  size_t first = 0;
  if (turns.front().role == "system") {
    system = turns.front().content;
    first = 1;
  }
  // A conversation begins with the other side; what the persona said before is context without a
  // question.
  if (first < turns.size() && turns[first].role == "assistant") ++first;
  while (turns.size() > first && turns.back().role != "assistant") turns.pop_back();
  if (turns.size() < first + 2) return std::optional<std::string>();

  nlohmann::ordered_json out;
  if (form == DataForm::kTogether) {
    out["messages"] = nlohmann::ordered_json::array();
    if (!system.empty()) out["messages"].push_back({{"role", "system"}, {"content", system}});
    for (size_t i = first; i < turns.size(); ++i) {
      nlohmann::ordered_json message = {{"role", turns[i].role}, {"content", turns[i].content}};
      if (turns[i].role == "assistant" && !turns[i].learned) message["weight"] = 0;
      out["messages"].push_back(std::move(message));
    }
    return std::optional<std::string>(Dump(out));
  }
  const auto parts = [](const std::string& words) {
    return nlohmann::ordered_json::array({{{"text", words}}});
  };
  if (!system.empty()) out["systemInstruction"] = {{"role", "system"}, {"parts", parts(system)}};
  out["contents"] = nlohmann::ordered_json::array();
  for (size_t i = first; i < turns.size(); ++i) {
    out["contents"].push_back({{"role", turns[i].role == "assistant" ? "model" : "user"},
                               {"parts", parts(turns[i].content)}});
  }
  return std::optional<std::string>(Dump(out));
}

Result<PreparedFile> PrepareFile(const std::filesystem::path& source, DataForm form,
                                 const std::filesystem::path& outbox) {
  ASSIGN_OR_RETURN(const auto mapped, MappedFile::Open(source));
  std::string_view bytes = mapped.bytes();
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  PreparedFile prepared;
  std::string out;
  if (form == DataForm::kOpenAiWithBom) out = "\xEF\xBB\xBF";
  for (size_t at = 0, number = 1; at < bytes.size(); ++number) {
    size_t end = bytes.find('\n', at);
    if (end == bytes.npos) end = bytes.size();
    const std::string_view line = TrimSpace(bytes.substr(at, end - at));
    at = end + 1;
    if (line.empty()) continue;
    if (form == DataForm::kOpenAi) {
      ++prepared.lines;
      continue;
    }
    auto converted = ConvertLine(line, form);
    if (!converted) {
      Error error = converted.error();
      error.message =
          source.filename().string() + ":" + std::to_string(number) + ": " + error.message;
      return tl::unexpected<Error>(std::move(error));
    }
    if (!*converted) {
      ++prepared.left_out;
      continue;
    }
    out += **converted;
    out += '\n';
    ++prepared.lines;
  }
  if (form == DataForm::kOpenAi) {
    prepared.path = source;
    prepared.bytes = static_cast<int64_t>(mapped.bytes().size());
    prepared.sha256 = Sha256Hex(mapped.bytes());
    return prepared;
  }
  prepared.sha256 = Sha256Hex(out);
  prepared.bytes = static_cast<int64_t>(out.size());
  prepared.path = outbox / (prepared.sha256.substr(0, 16) + ".jsonl");
  RETURN_IF_ERROR(PublishFile(prepared.path, out));
  return prepared;
}

}  // namespace idiolect
