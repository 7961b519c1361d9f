#include "validate/rules.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"

namespace idiolect {
namespace {

using Kind = JsonValue::Kind;

constexpr size_t kMostImages = 10;  // in one example

template <size_t N>
bool IsOneOf(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// A name out of the file, fit to be shown: short and printable.
std::string Shown(std::string_view name) {
  constexpr size_t kLongest = 40;
  std::string shown = "\"";
  for (const char c : name.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte > 0x7e ? '?' : c;
  }
  return shown + (name.size() > kLongest ? "…\"" : "\"");
}

bool IsText(const JsonValue* value) {
  return value != nullptr && value->IsString();
}
bool IsFilledText(const JsonValue* value) {
  return IsText(value) && !value->text.empty();
}

// Functions are called by [a-zA-Z0-9_-]{1,64}.
bool IsFunctionName(const JsonValue* name) {
  if (!IsFilledText(name) || name->text.size() > 64) return false;
  return std::all_of(name->text.begin(), name->text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

class Check {
 public:
  explicit Check(CheckedExample* out) : out_(*out) {}

  void Example(const JsonValue& example) {
    if (!example.IsObject()) return Fault(FaultKind::kDataType, example.at);
    const JsonValue* input = example.Find("input");
    const bool preference = example.Find("messages") == nullptr && input != nullptr;
    Repeats(example);
    Tools(preference && input->IsObject() ? *input : example);
    if (preference) {
      out_.form = ExampleForm::kPreference;
      Preference(example, *input);
    } else {
      Conversation(example);
    }
    for (size_t i = 0; i < example.keys.size(); ++i) {
      if (!IsKnownExampleKey(example.keys[i], out_.form)) {
        Fault(FaultKind::kUnrecognizedExampleKey, example.key_at[i], Shown(example.keys[i]));
      }
    }
    if (out_.images > kMostImages) {
      Fault(FaultKind::kBadContentPart, example.at,
            std::to_string(out_.images) + " images; " + std::to_string(kMostImages) +
                " at most in one example");
    }
  }

 private:
  void Fault(FaultKind kind, size_t at, std::string detail = {}) {
    out_.faults.push_back({kind, at, std::move(detail)});
  }

  void Repeats(const JsonValue& object) {
    for (size_t i = 1; i < object.keys.size(); ++i) {
      const auto here = object.keys.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(object.keys.begin(), here, object.keys[i]) != here) {
        Fault(FaultKind::kDuplicateKey, object.key_at[i], Shown(object.keys[i]));
      }
    }
  }

  // A list of messages with something in it, else a fault.
  bool HasMessages(const JsonValue& holder) {
    const JsonValue* messages = holder.Find("messages");
    if (messages != nullptr && messages->IsArray() && !messages->items.empty()) return true;
    Fault(FaultKind::kMissingMessagesList, messages != nullptr ? messages->at : holder.at);
    return false;
  }

  void Conversation(const JsonValue& example) {
    if (!HasMessages(example)) return;
    out_.form = ExampleForm::kConversation;
    const auto& messages = example.Find("messages")->items;
    Messages(messages);
    bool assistant = false, learned = false;
    for (const JsonValue& message : messages) {
      if (!HasRole(message, "assistant")) continue;
      assistant = true;
      const JsonValue* weight = message.Find("weight");
      learned |= weight == nullptr || weight->text != "0";
    }
    if (!assistant) return Fault(FaultKind::kExampleMissingAssistantMessage, example.at);
    if (!learned) Fault(FaultKind::kNothingToLearn, example.at);
    if (!HasRole(messages.back(), "assistant")) {
      Fault(FaultKind::kLastMessageNotAssistant, messages.back().at);
    }
  }

  void Preference(const JsonValue& example, const JsonValue& input) {
    if (!input.IsObject()) {
      return Fault(FaultKind::kBadPreference, input.at, "\"input\" is no object");
    }
    if (HasMessages(input)) Messages(input.Find("messages")->items);
    const auto side = [&](const JsonValue* list, const char* name) {
      if (list == nullptr || !list->IsArray() || list->items.size() != 1 ||
          !HasRole(list->items[0], "assistant")) {
        return Fault(FaultKind::kBadPreference, list != nullptr ? list->at : example.at,
                     std::string(name) + " must be a list of one message of the assistant");
      }
      Messages(list->items);
    };
    side(PreferredOf(example), "\"preferred_output\"");
    side(NonPreferredOf(example), "\"non_preferred_output\"");
  }

  void Messages(const std::vector<JsonValue>& messages) {
    std::set<std::string> calls;  // of tools, made so far
    for (size_t i = 0; i < messages.size(); ++i) {
      const JsonValue& message = messages[i];
      if (!message.IsObject()) {
        Fault(FaultKind::kMessageDataType, message.at);
        continue;
      }
      Message(message, &calls);
      if (i > 0 && (HasRole(message, "system") || HasRole(message, "developer"))) {
        Fault(FaultKind::kSystemNotFirst, message.at);
      }
    }
  }

  void Message(const JsonValue& message, std::set<std::string>* calls) {
    Repeats(message);
    const JsonValue* role = message.Find("role");
    const JsonValue* content = message.Find("content");
    const bool calling =
        message.Find("function_call") != nullptr || message.Find("tool_calls") != nullptr;
    // An assistant that calls or refuses needs no content.
    const bool may_lack =
        HasRole(message, "assistant") && (calling || IsFilledText(message.Find("refusal")));
    if (role == nullptr || (content == nullptr && !may_lack)) {
      Fault(FaultKind::kMessageMissingKey, message.at,
            role == nullptr ? "no \"role\"" : "no \"content\"");
    }
    bool unknown = false;  // the notebook counts a message once
    for (size_t i = 0; i < message.keys.size(); ++i) {
      if (IsKnownMessageKey(message.keys[i]) || unknown) continue;
      Fault(FaultKind::kMessageUnrecognizedKey, message.key_at[i], Shown(message.keys[i]));
      unknown = true;
    }
    if (!IsText(role) || !IsKnownRole(role->text)) {
      Fault(FaultKind::kUnrecognizedRole, role != nullptr ? role->at : message.at,
            IsText(role) ? Shown(role->text) : "");
    }
    Content(message, content, may_lack);
    Weight(message);
    if (const JsonValue* name = message.Find("name");
        name != nullptr && (!name->IsString() || !IsAllowedName(name->text))) {
      Fault(FaultKind::kBadName, name->at);
    }
    Calls(message, calls);
  }

  void Content(const JsonValue& message, const JsonValue* content, bool may_lack) {
    if (content == nullptr || content->kind == Kind::kNull) {
      if (!may_lack) {
        Fault(FaultKind::kMissingContent, content != nullptr ? content->at : message.at);
      }
      return;
    }
    if (content->IsString() && (!content->text.empty() || may_lack)) return;
    if (!content->IsArray() || content->items.empty()) {
      return Fault(FaultKind::kMissingContent, content->at);
    }
    for (const JsonValue& part : content->items) {
      const JsonValue* type = part.Find("type");
      if (IsText(type) && type->text == "text" && IsFilledText(part.Find("text"))) continue;
      if (!IsText(type) || type->text != "image_url") {
        Fault(FaultKind::kBadContentPart, part.at, "only parts \"text\" and \"image_url\"");
        continue;
      }
      ++out_.images;
      const JsonValue* image = part.Find("image_url");
      const JsonValue* url = image != nullptr ? image->Find("url") : nullptr;
      if (!HasRole(message, "user")) {
        Fault(FaultKind::kBadContentPart, part.at, "images may stand in messages of the user only");
      } else if (!IsText(url) ||
                 !(url->text.starts_with("https://") || url->text.starts_with("http://") ||
                   url->text.starts_with("data:image/"))) {
        Fault(FaultKind::kBadContentPart, part.at, "an image needs a web address or data:image/");
      }
    }
  }

  void Weight(const JsonValue& message) {
    const JsonValue* weight = message.Find("weight");
    if (weight == nullptr) return;
    if (!HasRole(message, "assistant")) {
      Fault(FaultKind::kBadWeight, weight->at, "not a message of the assistant");
    } else if (weight->kind != Kind::kNumber || (weight->text != "0" && weight->text != "1")) {
      Fault(FaultKind::kBadWeight, weight->at);
    }
  }

  // {"name":…,"arguments":"JSON"}
  bool IsCall(const JsonValue* function) {
    if (function == nullptr || !IsFunctionName(function->Find("name"))) return false;
    const JsonValue* arguments = function->Find("arguments");
    return IsText(arguments) && ParseLocatedJson(arguments->text).has_value();
  }

  void Calls(const JsonValue& message, std::set<std::string>* calls) {
    if (const JsonValue* call = message.Find("function_call"); call != nullptr && !IsCall(call)) {
      Fault(FaultKind::kBadToolCall, call->at,
            "needs a name and arguments that are JSON in a text");
    }
    if (const JsonValue* list = message.Find("tool_calls")) {
      if (!list->IsArray() || list->items.empty()) {
        Fault(FaultKind::kBadToolCall, list->at, "\"tool_calls\" is no list with something in it");
      }
      for (const JsonValue& call : list->items) {
        const JsonValue* id = call.Find("id");
        const JsonValue* type = call.Find("type");
        if (!IsFilledText(id) || !IsText(type) || type->text != "function" ||
            !IsCall(call.Find("function"))) {
          Fault(FaultKind::kBadToolCall, call.at,
                "needs an id, the type \"function\", a name and arguments that are JSON in a text");
        } else {
          calls->insert(id->text);
        }
      }
    }
    if (!HasRole(message, "tool")) return;
    const JsonValue* id = message.Find("tool_call_id");
    if (!IsText(id) || calls->count(id->text) == 0) {
      Fault(FaultKind::kBadToolCall, id != nullptr ? id->at : message.at,
            "\"tool_call_id\" names no call made before");
    }
  }

  void Tools(const JsonValue& holder) {
    const auto described = [](const JsonValue* function) {
      if (function == nullptr || !IsFunctionName(function->Find("name"))) return false;
      const JsonValue* parameters = function->Find("parameters");
      return parameters == nullptr || parameters->IsObject();
    };
    if (const JsonValue* tools = holder.Find("tools")) {
      bool sound = tools->IsArray();
      for (const JsonValue& tool : tools->items) {
        const JsonValue* type = tool.Find("type");
        sound =
            sound && IsText(type) && type->text == "function" && described(tool.Find("function"));
      }
      if (!sound) Fault(FaultKind::kBadTools, tools->at);
    }
    if (const JsonValue* functions = holder.Find("functions")) {
      if (!functions->IsArray() ||
          !std::all_of(functions->items.begin(), functions->items.end(),
                       [&](const JsonValue& f) { return described(&f); })) {
        Fault(FaultKind::kBadTools, functions->at);
      }
    }
    if (const JsonValue* parallel = holder.Find("parallel_tool_calls");
        parallel != nullptr && parallel->kind != Kind::kBool) {
      Fault(FaultKind::kBadTools, parallel->at, "\"parallel_tool_calls\" must be true or false");
    }
  }

  CheckedExample& out_;
};

}  // namespace

CheckedExample CheckExample(const JsonValue& example) {
  CheckedExample checked;
  Check(&checked).Example(example);
  return checked;
}

bool IsKnownRole(std::string_view role) {
  static constexpr std::string_view kRoles[] = {"system",    "developer", "user",
                                                "assistant", "tool",      "function"};
  return IsOneOf(role, kRoles);
}

bool IsKnownMessageKey(std::string_view key) {
  static constexpr std::string_view kKeys[] = {"role",          "content",    "name",
                                               "function_call", "tool_calls", "tool_call_id",
                                               "refusal",       "weight"};
  return IsOneOf(key, kKeys);
}

bool IsKnownExampleKey(std::string_view key, ExampleForm form) {
  if (form == ExampleForm::kPreference) {
    static constexpr std::string_view kKeys[] = {"input", "preferred_output",
                                                 "non_preferred_output", "preferred_completion",
                                                 "non_preferred_completion"};
    return IsOneOf(key, kKeys);
  }
  static constexpr std::string_view kKeys[] = {"messages", "tools", "parallel_tool_calls",
                                               "functions"};
  return IsOneOf(key, kKeys);
}

bool IsAllowedName(std::string_view name) {
  if (name.empty() || CountCodePoints(name) > 64) return false;
  for (size_t at = 0; at < name.size();) {
    const char32_t c = NextCodePoint(name, &at);
    if (IsSpace(c) || c == '<' || c == '|' || c == '\\' || c == '/' || c == '>') return false;
  }
  return true;
}

const JsonValue* MessagesOf(const JsonValue& example) {
  const JsonValue* messages = example.Find("messages");
  if (messages == nullptr) {
    const JsonValue* input = example.Find("input");
    if (input != nullptr) messages = input->Find("messages");
  }
  return messages != nullptr && messages->IsArray() ? messages : nullptr;
}

const JsonValue* PreferredOf(const JsonValue& example) {
  const JsonValue* list = example.Find("preferred_output");
  return list != nullptr ? list : example.Find("preferred_completion");
}

const JsonValue* NonPreferredOf(const JsonValue& example) {
  const JsonValue* list = example.Find("non_preferred_output");
  return list != nullptr ? list : example.Find("non_preferred_completion");
}

bool HasRole(const JsonValue& message, std::string_view role) {
  const JsonValue* value = message.Find("role");
  return IsText(value) && value->text == role;
}

}  // namespace idiolect
