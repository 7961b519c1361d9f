#include "serve/jobs_api.h"

#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "serve/ids.h"
#include "serve/training_queue.h"
#include "store/files.h"

namespace idiolect {
namespace {

constexpr std::string_view kEventPrefix = "ftevent-";

ApiError NoSuchJob(const std::string& id) {
  return Refuse(404, "Could not find fine tune: " + id, "fine_tuning_job_id", "fine_tune_not_found")
      .value();
}

struct JobRow {
  Job job;
  std::optional<JobRequest> request;
};

ApiResult<JobRow> RequireJob(Workspace& workspace, const std::string& id) {
  ASSIGN_OR_REFUSE(auto job, FindJob(workspace.database(), id));
  if (!job) return tl::unexpected<ApiError>(NoSuchJob(id));
  ASSIGN_OR_REFUSE(auto request, FindJobRequest(workspace.database(), id));
  return JobRow{*std::move(job), std::move(request)};
}

ApiResult<Json> AnswerWithJob(Service& service, const std::string& id) {
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    API_ASSIGN(const JobRow row, RequireJob(workspace, id));
    return JobJson(row.job, row.request, service.options.organization);
  });
}

// A job of `idiolect finetune` has no uploaded file: its dataset's name stands for one.
std::string FileOfDataset(const std::string& dataset) {
  std::string id = "file-";
  for (const char c : dataset.substr(dataset.rfind('/') + 1)) {
    id += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
              ? c
              : '-';
  }
  return id;
}

// "auto" or a number in the range, as given; an absent one is "auto".
Json AutoOrNumber(Fields& fields, const char* name, double least, double most, bool whole) {
  const Json* raw = fields.RawOrNull(name);
  if (raw == nullptr || (raw->is_string() && *raw == "auto")) return "auto";
  if (whole) {
    const auto value =
        fields.Integer(name, static_cast<int64_t>(least), static_cast<int64_t>(most));
    return value ? Json(*value) : Json("auto");
  }
  const auto value = fields.Number(name, least, most);
  return value ? Json(*value) : Json("auto");
}

Json ReadHyperparameters(const Json& object, const std::string& prefix, bool dpo, Fields& outer) {
  Fields fields(object, prefix);
  Json hyper;
  if (dpo) hyper["beta"] = AutoOrNumber(fields, "beta", std::nextafter(0.0, 1.0), 2, false);
  hyper["n_epochs"] = AutoOrNumber(fields, "n_epochs", 1, 50, true);
  hyper["batch_size"] = AutoOrNumber(fields, "batch_size", 1, 256, true);
  hyper["learning_rate_multiplier"] =
      AutoOrNumber(fields, "learning_rate_multiplier", std::nextafter(0.0, 1.0), 1e6, false);
  if (auto done = fields.Done(); !done) outer.Fault(done.error());
  return hyper;
}

void Invalid(Fields& fields, const std::string& param, const std::string& message) {
  fields.Fault(Refuse(400, message, param, "invalid_value").value());
}

// The method as it is kept: {"type":"supervised","supervised":{"hyperparameters":{…}}}, or "dpo".
Json ReadMethod(Fields& fields) {
  const Json none = Json::object();
  const Json* method = fields.ObjectOrNull("method");
  const Json* old = fields.ObjectOrNull("hyperparameters");
  std::string type = "supervised";
  const Json* inner = nullptr;
  std::string prefix = "hyperparameters.";
  if (method != nullptr) {
    Fields choice(*method, "method.");
    choice.Require("type");
    type = choice.Text("type").value_or(type);
    choice.Ignore({"supervised", "dpo", "reinforcement"});
    if (auto done = choice.Done(); !done) fields.Fault(done.error());
    if (type == "reinforcement") {
      fields.Fault(Refuse(400,
                          "The method 'reinforcement' is not available on this server: it trains "
                          "'supervised' and 'dpo'.",
                          "method.type", "method_not_available")
                       .value());
    } else if (type != "supervised" && type != "dpo") {
      Invalid(fields, "method.type",
              "Invalid value: '" + type +
                  "'. Supported values are: 'supervised', 'dpo', and 'reinforcement'.");
    }
    if (method->contains(type) && !(*method)[type].is_null()) {
      Fields of(*method, "method.");
      const Json* settings = of.ObjectOrNull(type.c_str());
      if (settings != nullptr && (type == "supervised" || type == "dpo")) {
        Fields set(*settings, "method." + type + ".");
        inner = set.ObjectOrNull("hyperparameters");
        if (auto done = set.Done(); !done) fields.Fault(done.error());
      }
      if (!of.ok()) fields.Fault(of.Done().error());
    }
    prefix = "method." + type + ".hyperparameters.";
  }
  if (inner == nullptr && old != nullptr) {
    inner = old;  // the older place, still sent by many clients
    prefix = "hyperparameters.";
  }
  Json kept;
  if (type != "dpo") type = "supervised";  // any other was a fault
  kept["type"] = type;
  kept[type]["hyperparameters"] =
      ReadHyperparameters(inner == nullptr ? none : *inner, prefix, type == "dpo", fields);
  return kept;
}

Json ReadMetadata(Fields& fields) {
  const Json* metadata = fields.ObjectOrNull("metadata");
  if (metadata == nullptr) return Json::object();
  if (metadata->size() > 16) Invalid(fields, "metadata", "Invalid 'metadata': at most 16 pairs.");
  for (const auto& [key, value] : metadata->items()) {
    if (CountCodePoints(key) > 64 || !value.is_string() ||
        CountCodePoints(value.get<std::string>()) > 512) {
      Invalid(fields, "metadata",
              "Invalid 'metadata': keys are texts of at most 64 characters, values of at most "
              "512.");
      break;
    }
  }
  return *metadata;
}

Json ReadIntegrations(Fields& fields) {
  const Json* list = fields.ArrayOrNull("integrations");
  if (list == nullptr) return Json::array();
  if (list->size() > 5) {
    Invalid(fields, "integrations", "Invalid 'integrations': at most 5.");
  }
  for (const Json& integration : *list) {
    if (!integration.is_object() || integration.value("type", Json()) != "wandb" ||
        !integration.contains("wandb") || !integration["wandb"].is_object() ||
        !integration["wandb"].contains("project") || !integration["wandb"]["project"].is_string()) {
      Invalid(fields, "integrations",
              "Invalid 'integrations': each is {\"type\":\"wandb\",\"wandb\":{\"project\":…}}.");
      break;
    }
  }
  return *list;
}

ApiResult<void> CheckTrainingFile(Workspace& workspace, int64_t now, const std::string& id,
                                  const char* param) {
  ASSIGN_OR_REFUSE(const auto file, FindStoredFile(workspace.database(), id));
  if (!file || (file->expires_at > 0 && file->expires_at <= now)) {
    return Refuse(400, "File '" + id + "' does not exist.", param, "file_not_found");
  }
  if (file->purpose != "fine-tune") {
    return Refuse(400,
                  "File '" + id + "' has purpose '" + file->purpose +
                      "'; a fine-tuning job needs purpose 'fine-tune'.",
                  param, "invalid_file_purpose");
  }
  return {};
}

Json NumberOrSkip(const Json& data, const char* name) {
  return data.contains(name) && data[name].is_number() ? data[name] : Json();
}

}  // namespace

Json JobJson(const Job& job, const std::optional<JobRequest>& request,
             const std::string& organization) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  Json asked = Json::object();
  if (request) asked = Json::parse(request->method, nullptr, false);
  Json hyper = {{"n_epochs", "auto"}, {"batch_size", "auto"}, {"learning_rate_multiplier", "auto"}};
  // A job of `idiolect finetune` says it in its options.
  const Json options = Json::parse(job.hyperparameters, nullptr, false);
  std::string type = "supervised";
  if (asked.is_object() && asked.contains("type")) {
    type = asked["type"].get<std::string>();
  } else if (options.is_object() && options.contains("method")) {
    type = options["method"].get<std::string>();
  }
  if (asked.is_object() && asked.contains(type)) hyper.update(asked[type]["hyperparameters"]);
  // Once the plan is made "auto" has become a number.
  if (options.is_object()) {
    if (const Json epochs = NumberOrSkip(options, "n_epochs"); !epochs.is_null() && epochs > 0) {
      hyper["n_epochs"] = epochs;
      hyper["batch_size"] = NumberOrSkip(options, "rows_per_step");
      if (options.contains("beta")) hyper["beta"] = options["beta"];
      if (hyper["learning_rate_multiplier"] == "auto") hyper["learning_rate_multiplier"] = 1;
    }
  }
  Json error;
  if (job.status == "failed") {
    error = {
        {"code", request && !request->error_code.empty() ? request->error_code : "training_failed"},
        {"message", job.error},
        {"param", request ? or_null(request->error_param) : Json()}};
  }
  const Json result = Json::parse(job.result, nullptr, false);
  const bool done = job.status == "succeeded";
  Json files = Json::array();
  if (request && !request->result_file.empty()) files.push_back(request->result_file);
  Json json = {
      {"object", "fine_tuning.job"},
      {"id", job.id},
      {"model", job.model},
      {"created_at", job.created_at},
      {"finished_at", job.finished_at == 0 ? Json() : Json(job.finished_at)},
      {"fine_tuned_model", or_null(done ? job.fine_tuned_model : "")},
      {"organization_id", "org-" + organization},
      {"result_files", std::move(files)},
      {"status", job.status},
      {"training_file", request ? request->training_file : FileOfDataset(job.dataset)},
      {"validation_file", request ? or_null(request->validation_file) : Json()},
      {"hyperparameters", hyper},
      {"trained_tokens",
       done && result.is_object() ? NumberOrSkip(result, "trained_tokens") : Json()},
      {"error", std::move(error)},
      {"seed", request ? request->seed : int64_t{0}},
      {"estimated_finish", nullptr},
      {"integrations",
       request ? Json::parse(request->integrations, nullptr, false) : Json::array()},
      {"method", {{"type", type}, {type, {{"hyperparameters", hyper}}}}},
      {"metadata", request ? Json::parse(request->metadata, nullptr, false) : Json::object()},
      {"user_provided_suffix", request ? or_null(request->suffix) : Json()}};
  return json;
}

ApiResult<Json> CreateJob(Service& service, IncomingRequest& request) {
  API_ASSIGN(const Json body, ParseObject(request.body));
  Fields fields(body);
  fields.Require("model");
  fields.Require("training_file");
  Job job;
  JobRequest asked;
  job.model = fields.Text("model").value_or("");
  asked.training_file = fields.Text("training_file").value_or("");
  asked.validation_file = fields.Text("validation_file").value_or("");
  if (const auto suffix = fields.Text("suffix")) {
    if (suffix->empty() || CountCodePoints(*suffix) > 64) {
      Invalid(fields, "suffix", "Invalid 'suffix': 1 to 64 characters.");
    }
    asked.suffix = *suffix;
  }
  const auto seed = fields.Integer("seed", 0, 2147483647);
  asked.method = DumpJson(ReadMethod(fields));
  asked.metadata = DumpJson(ReadMetadata(fields));
  asked.integrations = DumpJson(ReadIntegrations(fields));
  API_RETURN_IF_ERROR(fields.Done());
  job.created_at = service.clock->UnixSeconds();
  asked.seed = seed.value_or(job.created_at % 2147483647);
  job.id = "ftjob-" + RandomId(24);
  asked.job_id = job.id;
  job.provider = "local";
  job.status = "validating_files";
  job.key = "request:" + job.id;
  job.hyperparameters = "{}";
  job.result = "{}";
  auto made = service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    ASSIGN_OR_REFUSE(auto model, FindNamedModel(workspace, *service.store, job.model));
    // An alias of a base model is as good as its name.
    if (!model || !model->folder.empty()) {
      return Refuse(400,
                    "Model " + job.model + " is not available for fine-tuning or does not exist.",
                    "", "model_not_available");
    }
    job.model = model->base_name;
    API_RETURN_IF_ERROR(
        CheckTrainingFile(workspace, job.created_at, asked.training_file, "training_file"));
    if (!asked.validation_file.empty()) {
      API_RETURN_IF_ERROR(
          CheckTrainingFile(workspace, job.created_at, asked.validation_file, "validation_file"));
    }
    REFUSE_IF_ERROR(SaveJobRequest(workspace.database(), asked));
    REFUSE_IF_ERROR(SaveJob(workspace.database(), job));
    for (const std::string& message : {"Created fine-tuning job: " + job.id,
                                       "Validating training file: " + asked.training_file}) {
      JobEvent event;
      event.created_at = job.created_at;
      event.level = "info";
      event.type = "message";
      event.message = message;
      REFUSE_IF_ERROR(AddJobEvent(workspace.database(), job.id, event));
    }
    return JobJson(job, asked, service.options.organization);
  });
  if (made) service.training->Wake();
  return made;
}

ApiResult<Json> ListJobsPage(Service& service, IncomingRequest& request) {
  API_ASSIGN(const int64_t limit, QueryInteger(request, "limit", 1, 100, 20));
  const std::string after = request.query["after"];
  // "metadata[k]=v" asks for equal values; "metadata=null" for jobs without any.
  std::map<std::string, std::string> wanted;
  bool without_metadata = false;
  for (const auto& [name, value] : request.query) {
    if (name == "metadata") without_metadata = value == "null";
    if (name.starts_with("metadata[") && name.ends_with("]")) {
      wanted[name.substr(9, name.size() - 10)] = value;
    }
  }
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    ASSIGN_OR_REFUSE(const auto jobs, ListJobs(workspace.database()));
    Json data = Json::array();
    bool more = false, begun = after.empty();
    for (const Job& job : jobs) {
      if (!begun) {
        begun = job.id == after;
        continue;
      }
      ASSIGN_OR_REFUSE(const auto asked, FindJobRequest(workspace.database(), job.id));
      const Json metadata = asked ? Json::parse(asked->metadata, nullptr, false) : Json::object();
      bool fits = !without_metadata || metadata.empty();
      for (const auto& [key, value] : wanted) {
        fits = fits && metadata.contains(key) && metadata[key] == value;
      }
      if (!fits) continue;
      if (static_cast<int64_t>(data.size()) == limit) {
        more = true;
        break;
      }
      data.push_back(JobJson(job, asked, service.options.organization));
    }
    if (!begun) {
      return tl::unexpected<ApiError>(NoSuchJob(after));
    }
    return Json{{"object", "list"}, {"data", std::move(data)}, {"has_more", more}};
  });
}

ApiResult<Json> GetJob(Service& service, IncomingRequest& request) {
  return AnswerWithJob(service, request.segments[3]);
}
ApiResult<Json> CancelJob(Service& service, IncomingRequest& request) {
  API_RETURN_IF_ERROR(service.training->Cancel(request.segments[3]));
  return AnswerWithJob(service, request.segments[3]);
}
ApiResult<Json> PauseJob(Service& service, IncomingRequest& request) {
  API_RETURN_IF_ERROR(service.training->Pause(request.segments[3]));
  return AnswerWithJob(service, request.segments[3]);
}
ApiResult<Json> ResumeJob(Service& service, IncomingRequest& request) {
  API_RETURN_IF_ERROR(service.training->Resume(request.segments[3]));
  return AnswerWithJob(service, request.segments[3]);
}

ApiResult<Json> ListEvents(Service& service, IncomingRequest& request) {
  API_ASSIGN(const int64_t limit, QueryInteger(request, "limit", 1, 1000, 20));
  int64_t before = 0;
  if (const std::string& after = request.query["after"]; !after.empty()) {
    if (after.starts_with(kEventPrefix)) {
      before = std::strtoll(after.c_str() + kEventPrefix.size(), nullptr, 10);
    }
    if (before <= 0) return Refuse(404, "Could not find event: " + after, "after");
  }
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    API_ASSIGN(const JobRow row, RequireJob(workspace, request.segments[3]));
    ASSIGN_OR_REFUSE(auto events,
                     ListNewestJobEvents(workspace.database(), row.job.id, before, limit + 1));
    const bool more = static_cast<int64_t>(events.size()) > limit;
    if (more) events.resize(static_cast<size_t>(limit));
    Json data = Json::array();
    for (const JobEvent& event : events) {
      Json item = {{"object", "fine_tuning.job.event"},
                   {"id", std::string(kEventPrefix) + std::to_string(event.id)},
                   {"created_at", event.created_at},
                   {"level", event.level},
                   {"message", event.message},
                   {"type", event.type}};
      const Json details = Json::parse(event.data, nullptr, false);
      item["data"] = details.is_object() ? details : Json::object();
      data.push_back(std::move(item));
    }
    return Json{{"object", "list"}, {"data", std::move(data)}, {"has_more", more}};
  });
}

ApiResult<Json> ListCheckpoints(Service& service, IncomingRequest& request) {
  API_ASSIGN(const int64_t limit, QueryInteger(request, "limit", 1, 100, 10));
  (void)limit;  // a job keeps the weights of one step
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    API_ASSIGN(const JobRow row, RequireJob(workspace, request.segments[3]));
    Json data = Json::array();
    const int64_t step = KeptStep(row.job.result);
    const std::string id = "ftckpt_" + row.job.id.substr(row.job.id.find('-') + 1);
    if (row.job.status == "succeeded" && !row.job.adapter.empty() && step > 0 &&
        request.query["after"] != id) {
      Json metrics = {{"step", step}};
      ASSIGN_OR_REFUSE(const auto events, ListJobEvents(workspace.database(), row.job.id));
      for (const JobEvent& event : events) {
        const Json values = Json::parse(event.data, nullptr, false);
        if (!values.is_object() || values.value("step", int64_t{-1}) != step) continue;
        for (const char* name :
             {"train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy",
              "full_valid_loss", "full_valid_mean_token_accuracy"}) {
          if (values.contains(name) && values[name].is_number()) metrics[name] = values[name];
        }
      }
      data.push_back({{"object", "fine_tuning.job.checkpoint"},
                      {"id", id},
                      {"created_at", row.job.finished_at},
                      {"fine_tuned_model_checkpoint",
                       row.job.fine_tuned_model + ":ckpt-step-" + std::to_string(step)},
                      {"fine_tuning_job_id", row.job.id},
                      {"metrics", std::move(metrics)},
                      {"step_number", step}});
    }
    const Json first = data.empty() ? Json() : data.front()["id"];
    const Json last = data.empty() ? Json() : data.back()["id"];
    return Json{{"object", "list"},
                {"data", std::move(data)},
                {"first_id", first},
                {"last_id", last},
                {"has_more", false}};
  });
}

}  // namespace idiolect
