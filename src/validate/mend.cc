#include "validate/mend.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "validate/located_json.h"
#include "validate/rules.h"

namespace idiolect {
namespace {

// What other tools call the roles.
std::string_view RoleMeant(std::string_view lower) {
  if (lower == "human" || lower == "customer" || lower == "prompter") return "user";
  if (lower == "gpt" || lower == "bot" || lower == "model" || lower == "ai" || lower == "chatgpt")
    return "assistant";
  return lower;
}

std::string Lower(std::string_view text) {
  std::string lower(TrimSpace(text));
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

class Mender {
 public:
  void Line(std::string_view line, size_t number) {
    number_ = number;
    changed_ = false;
    if (TrimSpace(line).empty()) return Note(MendKind::kBlankLineRemoved);
    const bool sound = IsUtf8(line);
    const std::string repaired = sound ? std::string() : RepairUtf8(line);
    auto json = ParseLocatedJson(sound ? line : repaired);
    if (!json) return Note(MendKind::kLineDropped, RowOf(FaultKind::kInvalidJson).code);
    if (!sound) Note(MendKind::kBytesRepaired);
    if (json->IsObject()) Example(&*json);
    for (const FaultAt& fault : CheckExample(*json).faults) {
      if (RowOf(fault.kind).severity == Severity::kError) {
        return Note(MendKind::kLineDropped, RowOf(fault.kind).code);
      }
    }
    const ExampleForm form = CheckExample(*json).form;
    if (form_ == ExampleForm::kNone) form_ = form;
    if (form != form_) return Note(MendKind::kLineDropped, RowOf(FaultKind::kMixedFormats).code);
    if (changed_) {
      AppendJson(*json, &result_.bytes);
      ++result_.lines_changed;
    } else {
      result_.bytes += TrimSpace(line);  // byte for byte
    }
    result_.bytes += '\n';
    ++result_.lines_kept;
  }

  void Note(MendKind kind, std::string detail = {}) {
    changed_ = true;
    result_.done.push_back({kind, number_, std::move(detail)});
  }

  MendResult Finish() { return std::move(result_); }

 private:
  // The last of equal names stays, as readers take it.
  void DropRepeats(JsonValue* object) {
    for (size_t i = object->keys.size(); i-- > 0;) {
      const std::string key = object->keys[i];
      const auto count = std::count(object->keys.begin(), object->keys.end(), key);
      if (count < 2) continue;
      JsonValue last = *object->Find(key);
      object->Remove(key);
      object->Set(key, std::move(last));
      Note(MendKind::kDuplicateKeyRemoved);
      i = object->keys.size();
    }
  }

  void Example(JsonValue* example) {
    DropRepeats(example);
    const bool preference = MessagesOf(*example) != nullptr && example->Find("messages") == nullptr;
    const auto form = preference ? ExampleForm::kPreference : ExampleForm::kConversation;
    const std::vector<std::string> keys = example->keys;
    for (const std::string& key : keys) {
      if (IsKnownExampleKey(key, form)) continue;
      example->Remove(key);
      Note(MendKind::kExampleKeyRemoved);
    }
    auto* messages = const_cast<JsonValue*>(MessagesOf(*example));
    if (messages == nullptr) return;
    Messages(messages);
    if (preference) {
      for (const JsonValue* side : {PreferredOf(*example), NonPreferredOf(*example)}) {
        if (side != nullptr && side->IsArray()) Messages(const_cast<JsonValue*>(side));
      }
      return;
    }
    const auto answered = [](const JsonValue& message) { return HasRole(message, "assistant"); };
    auto& list = messages->items;
    if (std::none_of(list.begin(), list.end(), answered)) return;
    while (!answered(list.back())) {
      list.pop_back();
      Note(MendKind::kEndCut);
    }
  }

  void Messages(JsonValue* messages) {
    auto& list = messages->items;
    for (size_t i = 0; i < list.size();) {
      if (Message(&list[i])) {
        ++i;
      } else {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        Note(MendKind::kMessageDropped);
      }
    }
  }

  // False when nothing is left that could stay.
  bool Message(JsonValue* message) {
    if (!message->IsObject()) return false;
    DropRepeats(message);
    const std::vector<std::string> keys = message->keys;
    for (const std::string& key : keys) {
      if (IsKnownMessageKey(key)) continue;
      message->Remove(key);
      Note(MendKind::kKeyRemoved);
    }
    JsonValue* role = message->Find("role");
    if (role == nullptr || !role->IsString()) return false;
    if (!IsKnownRole(role->text)) {
      const std::string meant(RoleMeant(Lower(role->text)));
      if (!IsKnownRole(meant)) return false;
      role->text = meant;
      Note(MendKind::kRoleRenamed);
    }
    if (!Content(message)) return false;
    Weight(message);
    Name(message);
    return true;
  }

  bool Content(JsonValue* message) {
    const bool calling =
        message->Find("tool_calls") != nullptr || message->Find("function_call") != nullptr;
    JsonValue* content = message->Find("content");
    if (content == nullptr || content->kind == JsonValue::Kind::kNull) {
      const JsonValue* refusal = message->Find("refusal");
      return calling || (refusal != nullptr && refusal->IsString());
    }
    if (content->kind == JsonValue::Kind::kNumber || content->kind == JsonValue::Kind::kBool) {
      *content = JsonText(content->text);
      Note(MendKind::kContentMadeText);
    }
    if (content->IsString()) return calling || !content->text.empty();
    return content->IsArray() && !content->items.empty();
  }

  void Weight(JsonValue* message) {
    JsonValue* weight = message->Find("weight");
    if (weight == nullptr) return;
    const std::string text = weight->text;
    if (HasRole(*message, "assistant")) {
      if (weight->kind == JsonValue::Kind::kNumber && (text == "0" || text == "1")) return;
      if (text == "false" || text == "0" || text == "0.0") {
        *weight = JsonNumber(0);
      } else if (text == "true" || text == "1" || text == "1.0") {
        *weight = JsonNumber(1);
      } else {
        message->Remove("weight");
      }
    } else {
      message->Remove("weight");
    }
    Note(MendKind::kWeightMended);
  }

  void Name(JsonValue* message) {
    JsonValue* name = message->Find("name");
    if (name == nullptr || (name->IsString() && IsAllowedName(name->text))) return;
    std::string mended;
    size_t length = 0;
    if (name->IsString()) {
      for (size_t at = 0; at < name->text.size() && length < 64; ++length) {
        const char32_t c = NextCodePoint(name->text, &at);
        std::string one;
        AppendUtf8(c, &one);
        mended += IsAllowedName(one) ? one : "_";
      }
    }
    if (mended.empty()) {
      message->Remove("name");
    } else {
      name->text = mended;
    }
    Note(MendKind::kNameMended);
  }

  MendResult result_;
  ExampleForm form_ = ExampleForm::kNone;
  size_t number_ = 0;
  bool changed_ = false;
};

}  // namespace

const MendRow& RowOf(MendKind kind) {
  using M = MendKind;
  static const std::array<MendRow, kMendKinds> rows = {{
      {M::kByteOrderMarkRemoved,
       "byte_order_mark_removed",
       {"byte order mark taken away", "убрана метка порядка байтов"}},
      {M::kBlankLineRemoved,
       "blank_line_removed",
       {"empty lines taken away", "убраны пустые строки"}},
      {M::kBytesRepaired,
       "bytes_repaired",
       {"lines whose broken UTF-8 became �", "строки, где битый UTF-8 заменён на �"}},
      {M::kDuplicateKeyRemoved,
       "duplicate_key_removed",
       {"repeated keys taken away, the last stays", "убраны повторы ключей, остался последний"}},
      {M::kKeyRemoved,
       "key_removed",
       {"unknown keys of messages taken away", "убраны неизвестные ключи сообщений"}},
      {M::kExampleKeyRemoved,
       "example_key_removed",
       {"unknown keys of examples taken away", "убраны неизвестные ключи примеров"}},
      {M::kRoleRenamed, "role_renamed", {"roles renamed", "роли переименованы"}},
      {M::kContentMadeText,
       "content_made_text",
       {"numbers as content made text", "числа в content стали текстом"}},
      {M::kMessageDropped,
       "message_dropped",
       {"messages left out (empty, or of no known role)",
        "выброшены сообщения (пустые или без известной роли)"}},
      {M::kWeightMended, "weight_mended", {"weights mended", "исправлены weight"}},
      {M::kNameMended, "name_mended", {"names mended", "исправлены name"}},
      {M::kEndCut,
       "end_cut",
       {"messages after the assistant's last answer cut off",
        "отрезаны сообщения после последнего ответа ассистента"}},
      {M::kLineDropped,
       "line_dropped",
       {"examples left out that cannot be mended", "выброшены примеры, которые не исправить"}},
  }};
  return rows[static_cast<size_t>(kind)];
}

size_t MendResult::Count(MendKind kind) const {
  return static_cast<size_t>(
      std::count_if(done.begin(), done.end(), [kind](const Mended& m) { return m.kind == kind; }));
}

MendResult MendBytes(std::string_view bytes) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  Mender mender;
  if (bytes.starts_with(kByteOrderMark)) {
    bytes.remove_prefix(kByteOrderMark.size());
    mender.Note(MendKind::kByteOrderMarkRemoved);
  }
  for (size_t number = 1; !bytes.empty(); ++number) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    mender.Line(bytes.substr(0, end), number);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return mender.Finish();
}

Result<MendResult> MendFile(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code ignored;
  if (std::filesystem::equivalent(in, out, ignored)) {
    return Fail(ErrorKind::kMisuse,
                "mending " + in.string() + ": the new file would be the old one",
                "name another file for --fix");
  }
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(in));
  MendResult result = MendBytes(file.bytes());
  RETURN_IF_ERROR(PublishFile(out, result.bytes));
  return result;
}

}  // namespace idiolect
