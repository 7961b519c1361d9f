#include "providers/provider_table.h"

#include <algorithm>

#include "base/text.h"

#define TOML_EXCEPTIONS 0
#include "base/toml.h"

namespace idiolect {
namespace {

tl::unexpected<Error> Bad(const std::string& where, const std::string& what) {
  return Fail(ErrorKind::kBadInput, "reading the table of providers: " + where + ": " + what,
              "models/providers.toml describes every field");
}

// Lays the fields of a table over a row; remembers the first fault and which keys were known.
class Overlay {
 public:
  explicit Overlay(const toml::table& table) : table_(table) {}

  void Take(const char* key, std::string* field) {
    const auto* node = Node(key);
    if (node == nullptr) return;
    if (const auto date = node->value<toml::date>()) {
      char text[16];
      std::snprintf(text, sizeof text, "%04u-%02u-%02u", static_cast<unsigned>(date->year % 10000),
                    static_cast<unsigned>(date->month % 100),
                    static_cast<unsigned>(date->day % 100));
      *field = text;
    } else if (const auto text = node->value_exact<std::string>()) {
      *field = *text;
    } else {
      Fault(std::string(key) + " must be a text or a date");
    }
  }
  void Take(const char* key, int64_t* field) {
    const auto* node = Node(key);
    if (node == nullptr) return;
    const auto number = node->value_exact<int64_t>();
    if (!number || *number < 0)
      return Fault(std::string(key) + " must be a whole number, 0 or more");
    *field = *number;
  }
  void Take(const char* key, bool* field) {
    const auto* node = Node(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<bool>();
    if (!value) return Fault(std::string(key) + " must be true or false");
    *field = *value;
  }
  template <typename E>
  struct Choice {
    const char* name;
    E value;
  };
  template <typename E>
  void Take(const char* key, E* field, std::initializer_list<Choice<E>> choices) {
    const auto* node = Node(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    std::string names;
    for (const auto& choice : choices) {
      if (text && *text == choice.name) {
        *field = choice.value;
        return;
      }
      names += std::string(names.empty() ? "" : ", ") + choice.name;
    }
    Fault(std::string(key) + " must be one of " + names);
  }
  const toml::array* Tables(const char* key) {
    const auto* node = Node(key);
    if (node == nullptr) return nullptr;
    if (node->is_array()) return node->as_array();
    Fault(std::string(key) + " must be a list of tables");
    return nullptr;
  }
  void Fault(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }
  // Empty when all was well and every key is known.
  std::string End() {
    for (const auto& [key, value] : table_) {
      if (std::find(known_.begin(), known_.end(), key.str()) == known_.end()) {
        Fault("there is no field " + std::string(key.str()));
      }
    }
    return fault_;
  }

 private:
  const toml::node* Node(const char* key) {
    known_.emplace_back(key);
    return table_.get(key);
  }

  const toml::table& table_;
  std::vector<std::string> known_;
  std::string fault_;
};

std::string OverlayModel(const toml::table& table, HostedModel* model) {
  Overlay row(table);
  row.Take("id", &model->id);
  row.Take("until", &model->until);
  if (model->id.empty()) row.Fault("a model has no id");
  return row.End();
}

std::string OverlayProvider(const toml::table& table, Provider* p) {
  Overlay row(table);
  row.Take("name", &p->name);
  row.Take("title", &p->title);
  row.Take<ServiceShape>("shape", &p->shape,
                         {{"openai", ServiceShape::kOpenAi},
                          {"vertex", ServiceShape::kVertex},
                          {"gemini", ServiceShape::kGemini}});
  row.Take("base_url", &p->base_url);
  row.Take("base_url_env", &p->base_url_env);
  row.Take("storage_url", &p->storage_url);
  row.Take("key_env", &p->key_env);
  row.Take("key_optional", &p->key_optional);
  row.Take<AuthStyle>("auth", &p->auth,
                      {{"bearer", AuthStyle::kBearer},
                       {"api-key", AuthStyle::kApiKeyHeader},
                       {"google-key", AuthStyle::kGoogleKeyHeader},
                       {"google-token", AuthStyle::kGoogleToken}});
  row.Take("upload_path", &p->upload_path);
  row.Take("files_path", &p->files_path);
  row.Take("jobs_path", &p->jobs_path);
  row.Take<JobForm>("job_form", &p->job_form,
                    {{"method", JobForm::kMethod},
                     {"hyperparameters", JobForm::kHyperparameters},
                     {"together", JobForm::kTogether}});
  row.Take<DataForm>("data_form", &p->data_form,
                     {{"openai", DataForm::kOpenAi},
                      {"openai-bom", DataForm::kOpenAiWithBom},
                      {"together", DataForm::kTogether},
                      {"vertex", DataForm::kVertex}});
  row.Take<RateMeaning>(
      "rate", &p->rate,
      {{"multiplier", RateMeaning::kMultiplier}, {"absolute", RateMeaning::kAbsolute}});
  row.Take("max_tokens_field", &p->max_tokens_field);
  row.Take("metadata", &p->metadata);
  row.Take("min_examples", &p->min_examples);
  row.Take("most_file_bytes", &p->most_file_bytes);
  row.Take("suffix_length", &p->suffix_length);
  row.Take("parts_above", &p->parts_above);
  row.Take("part_bytes", &p->part_bytes);
  row.Take<JobsState>(
      "jobs", &p->jobs,
      {{"open", JobsState::kOpen}, {"closing", JobsState::kClosing}, {"none", JobsState::kNone}});
  row.Take("jobs_until", &p->jobs_until);
  row.Take("models_until", &p->models_until);
  row.Take("note_en", &p->note_en);
  row.Take("note_ru", &p->note_ru);
  row.Take<Serving>("serving", &p->serving,
                    {{"direct", Serving::kDirect},
                     {"deployment", Serving::kDeployment},
                     {"endpoint", Serving::kEndpoint}});
  row.Take("serving_en", &p->serving_en);
  row.Take("serving_ru", &p->serving_ru);
  row.Take("poll_ms", &p->poll_ms);
  row.Take("settle_ms", &p->settle_ms);
  row.Take("tries", &p->tries);
  row.Take("retry_ms", &p->retry_ms);
  row.Take("timeout_s", &p->timeout_s);
  if (const auto* models = row.Tables("model")) {
    p->models.clear();
    for (const auto& node : *models) {
      if (!node.is_table()) return "model must be a list of tables";
      HostedModel model;
      if (auto fault = OverlayModel(*node.as_table(), &model); !fault.empty()) return fault;
      p->models.push_back(std::move(model));
    }
  }
  if (p->parts_above > 0 && p->part_bytes == 0) row.Fault("part_bytes is missing");
  if (p->title.empty()) p->title = p->name;
  return row.End();
}

Status OverlayAll(std::string_view toml, const char* where, std::vector<Provider>* providers) {
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    return Bad(std::string(where) + ", line " + std::to_string(parsed.error().source().begin.line),
               std::string(parsed.error().description()));
  }
  Overlay whole(parsed.table());
  const auto* rows = whole.Tables("provider");
  if (auto fault = whole.End(); !fault.empty()) return Bad(where, fault);
  if (rows == nullptr) return {};
  for (const auto& node : *rows) {
    const auto* table = node.as_table();
    const auto name = table == nullptr ? std::nullopt : (*table)["name"].value<std::string>();
    if (!name || name->empty()) return Bad(where, "a provider has no name");
    auto found = std::find_if(providers->begin(), providers->end(),
                              [&](const Provider& p) { return p.name == *name; });
    if (found == providers->end()) found = providers->emplace(providers->end());
    if (auto fault = OverlayProvider(*table, &*found); !fault.empty()) {
      return Bad(std::string(where) + ", provider " + *name, fault);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Provider>> ParseProviders(std::string_view built_in, std::string_view over) {
  std::vector<Provider> providers;
  RETURN_IF_ERROR(OverlayAll(built_in, "the built-in table", &providers));
  RETURN_IF_ERROR(OverlayAll(over, "providers.toml", &providers));
  return providers;
}

Result<Provider> FindProvider(const std::vector<Provider>& providers, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& provider : providers) {
    if (provider.name == name) return provider;
    names.push_back(provider.name);
  }
  std::string hint = "there are: local";
  for (const auto& other : names) hint += ", " + other;
  return Fail(ErrorKind::kNotFound, "there is no provider " + name, hint);
}

Status CheckTakesJobs(const Provider& provider, const std::vector<Provider>& all,
                      const std::string& day, Language language) {
  const bool over = !provider.jobs_until.empty() && day > provider.jobs_until;
  if (provider.jobs != JobsState::kNone && !over) return {};
  std::string hint =
      Say(language, {"these train: local (this machine)", "обучают: local (эта машина)"});
  for (const auto& other : all) {
    const bool open =
        other.jobs != JobsState::kNone && (other.jobs_until.empty() || day <= other.jobs_until);
    if (open && other.name != provider.name) hint += ", " + other.name;
  }
  return Fail(ErrorKind::kMisuse,
              provider.title +
                  Say(language, {" takes no new fine-tuning jobs (last day ",
                                 " больше не берёт заданий на дообучение (последний день "}) +
                  provider.jobs_until + "): " + provider.Note(language),
              hint);
}

}  // namespace idiolect
