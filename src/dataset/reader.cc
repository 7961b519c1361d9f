#include "dataset/reader.h"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

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

tl::expected<Json, std::string> ObjectOf(std::string_view line) {
  if (NestsDeeper(line, kDeepest)) return Wrong("brackets are nested too deep");
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    ErrorFinder finder;
    (void)Json::sax_parse(line, &finder);
    return Wrong("not JSON, from byte " + std::to_string(finder.position()) + " of the line on");
  }
  if (!json.is_object()) return Wrong("not a JSON object");
  return json;
}

tl::expected<TrainingSample, std::string> SampleOf(std::string_view line) {
  const auto object = ObjectOf(line);
  if (!object) return Wrong(object.error());
  const Json& json = *object;
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

// The first of these fields that is there; null: none.
const Json* FirstOf(const Json& json, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto found = json.find(name); found != json.end()) return &*found;
  }
  return nullptr;
}

tl::expected<ChatMessage, std::string> AnswerOf(const Json& json,
                                                std::initializer_list<const char*> names) {
  const std::string name = std::string("\"") + *names.begin() + "\"";
  const Json* list = FirstOf(json, names);
  if (list == nullptr) return Wrong("no " + name);
  if (!list->is_array() || list->size() != 1) return Wrong(name + " is not a list of one message");
  auto message = MessageOf(list->front());
  if (!message) return Wrong("the message of " + name + " " + message.error());
  if (message->role != "assistant") return Wrong(name + " is not the assistant's");
  message->learned = true;
  return message;
}

tl::expected<PreferencePair, std::string> PairOf(std::string_view line) {
  const auto object = ObjectOf(line);
  if (!object) return Wrong(object.error());
  const auto input = object->find("input");
  const bool openai = input != object->end();
  if (openai && !input->is_object()) return Wrong("\"input\" is not an object");
  const Json* prompt = openai ? FirstOf(*input, {"messages"}) : FirstOf(*object, {"prompt"});
  const std::string name = openai ? "\"messages\" of \"input\"" : "\"prompt\"";
  if (prompt == nullptr) return Wrong("no " + name);
  if (!prompt->is_array() || prompt->empty()) {
    return Wrong(name + " is not a list with something in it");
  }
  PreferencePair pair;
  for (const Json& entry : *prompt) {
    auto message = MessageOf(entry);
    if (!message) {
      return Wrong("message " + std::to_string(pair.prompt.size() + 1) + " " + message.error());
    }
    pair.prompt.push_back(*std::move(message));
  }
  if (pair.prompt.back().role != "user")
    return Wrong("the prompt's last message is not the user's");
  auto chosen = openai ? AnswerOf(*object, {"preferred_output", "preferred_completion"})
                       : AnswerOf(*object, {"chosen"});
  if (!chosen) return Wrong(chosen.error());
  auto rejected = openai ? AnswerOf(*object, {"non_preferred_output", "non_preferred_completion"})
                         : AnswerOf(*object, {"rejected"});
  if (!rejected) return Wrong(rejected.error());
  pair.chosen = *std::move(chosen);
  pair.rejected = *std::move(rejected);
  if (pair.chosen.content == pair.rejected.content) return Wrong("both answers are the same");
  return pair;
}

// Every line through `parse`; the first that is wrong fails with its number.
template <typename T, typename Parse>
Result<std::vector<T>> ParseLines(std::string_view bytes, std::string_view name, Parse parse,
                                  const char* what, const char* hint) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::vector<T> parsed;
  for (size_t number = 1; !bytes.empty(); ++number) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = TrimSpace(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.empty()) continue;
    auto one = parse(line);
    if (!one) {
      return Fail(ErrorKind::kBadInput,
                  std::string("reading ") + what + ": " + std::string(name) + ":" +
                      std::to_string(number) + ": " + one.error(),
                  hint);
    }
    parsed.push_back(*std::move(one));
  }
  return parsed;
}

}  // namespace

Result<std::vector<TrainingSample>> ParseSamples(std::string_view bytes, std::string_view name) {
  return ParseLines<TrainingSample>(
      bytes, name, SampleOf, "samples",
      "each line must be {\"messages\":[{\"role\":…,\"content\":…},…]} and end with the "
      "assistant's answer");
}

Result<std::vector<PreferencePair>> ParsePreferences(std::string_view bytes,
                                                     std::string_view name) {
  return ParseLines<PreferencePair>(
      bytes, name, PairOf, "preferences",
      "each line must be {\"prompt\":[…],\"chosen\":[…],\"rejected\":[…]}; idiolect export --dpo "
      "writes them");
}

Result<std::vector<TrainingSample>> ReadSamples(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  return ParseSamples(file.bytes(), path.string());
}

Result<std::vector<PreferencePair>> ReadPreferences(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  return ParsePreferences(file.bytes(), path.string());
}

}  // namespace idiolect
