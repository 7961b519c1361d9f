#include "dataset/reader.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace idiolect {
namespace {

using Json = nlohmann::json;

constexpr size_t kDeepest = 64;  // levels of brackets; a chat line has four

// Finds where a text stops being JSON.
class ErrorFinder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    position_ = position;
    return false;
  }
  size_t position() const { return position_; }

 private:
  size_t position_ = 0;
};

// What is wrong with a line, without its place.
tl::unexpected<std::string> Wrong(std::string what) {
  return tl::unexpected<std::string>(std::move(what));
}

tl::expected<ChatMessage, std::string> MessageOf(const Json& json) {
  if (!json.is_object()) return Wrong("is not an object");
  const auto role = json.find("role");
  if (role == json.end() || !role->is_string()) return Wrong("has no \"role\"");
  const auto content = json.find("content");
  if (content == json.end() || !content->is_string()) {
    return Wrong("has no \"content\" that is text");
  }
  ChatMessage message;
  message.role = role->get<std::string>();
  message.content = content->get<std::string>();
  if (message.role == "developer") message.role = "system";  // OpenAI's newer word for it
  if (message.role != "system" && message.role != "user" && message.role != "assistant") {
    return Wrong("has the role \"" + message.role +
                 "\"; known are system, developer, user and assistant");
  }
  if (const auto weight = json.find("weight"); weight != json.end()) {
    if (message.role != "assistant") return Wrong("has a weight but is not the assistant's");
    if (!weight->is_number() || (*weight != 0 && *weight != 1)) {
      return Wrong("has a weight other than 0 and 1");
    }
    message.learned = *weight == 1;
  }
  return message;
}

tl::expected<TrainingSample, std::string> SampleOf(std::string_view line) {
  if (NestsDeeper(line, kDeepest)) return Wrong("brackets are nested too deep");
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    ErrorFinder finder;
    (void)Json::sax_parse(line, &finder);
    return Wrong("not JSON, from byte " + std::to_string(finder.position()) + " of the line on");
  }
  if (!json.is_object()) return Wrong("not a JSON object");
  const auto messages = json.find("messages");
  if (messages == json.end()) return Wrong("no \"messages\"");
  if (!messages->is_array() || messages->empty()) {
    return Wrong("\"messages\" is not a list with something in it");
  }
  TrainingSample sample;
  sample.reserve(messages->size());
  bool learned = false;
  for (const Json& entry : *messages) {
    auto message = MessageOf(entry);
    if (!message) {
      return Wrong("message " + std::to_string(sample.size() + 1) + " " + message.error());
    }
    learned |= message->role == "assistant" && message->learned;
    sample.push_back(*std::move(message));
  }
  if (!learned) return Wrong("no assistant message to learn (all have weight 0, or there is none)");
  if (sample.back().role != "assistant") return Wrong("the last message is not the assistant's");
  return sample;
}

}  // namespace

Result<std::vector<TrainingSample>> ParseSamples(std::string_view bytes, std::string_view name) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::vector<TrainingSample> samples;
  for (size_t number = 1; !bytes.empty(); ++number) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = TrimSpace(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.empty()) continue;
    auto sample = SampleOf(line);
    if (!sample) {
      return Fail(
          ErrorKind::kBadInput,
          "reading samples: " + std::string(name) + ":" + std::to_string(number) + ": " +
              sample.error(),
          "each line must be {\"messages\":[{\"role\":…,\"content\":…},…]} and end with the "
          "assistant's answer");
    }
    samples.push_back(*std::move(sample));
  }
  return samples;
}

Result<std::vector<TrainingSample>> ReadSamples(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  return ParseSamples(file.bytes(), path.string());
}

}  // namespace idiolect
