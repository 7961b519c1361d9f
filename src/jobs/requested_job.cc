#include "jobs/requested_job.h"

#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "dataset/reader.h"
#include "jobs/job_control.h"
#include "jobs/job_recorder.h"
#include "jobs/trained_model.h"
#include "store/database.h"
#include "store/files.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kFewestSamples = 10;  // OpenAI's rule, too

std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](size_t k) -> uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[three >> (18 - 6 * k) & 63];
    }
  }
  return out;
}

// Why a job failed, in the fields of the API's error.
struct JobFault {
  std::string code, param, message;
};

// "reading samples: /…/files/file-x:3: what" without our path.
std::string WithoutPath(const std::string& message, const fs::path& path) {
  const size_t at = message.find(path.string());
  if (at == std::string::npos) return message;
  return "line " + message.substr(at + path.string().size() + 1);
}

// Puts what the files hold into `train`, by its method.
std::optional<JobFault> ReadFiles(Workspace& workspace, const JobRequest& request,
                                  TrainRequest* train) {
  const bool pairs = train->options.method == TrainMethod::kPreference;
  const auto read = [&](const std::string& id, const char* param, const char* what,
                        std::vector<TrainingSample>* samples,
                        std::vector<PreferencePair>* preferences) -> std::optional<JobFault> {
    const fs::path path = workspace.files_folder() / id;
    const auto file = FindStoredFile(workspace.database(), id);
    if (!file || !*file || !Exists(path)) {
      return JobFault{"invalid_file", param, "The " + std::string(what) + " file was deleted."};
    }
    const auto keep = [&](auto parsed, auto* into) -> std::optional<JobFault> {
      if (!parsed) {
        return JobFault{"invalid_file_format", param,
                        "The " + std::string(what) +
                            " file is not valid: " + WithoutPath(parsed.error().message, path)};
      }
      *into = *std::move(parsed);
      return std::nullopt;
    };
    return pairs ? keep(ReadPreferences(path), preferences) : keep(ReadSamples(path), samples);
  };
  if (auto fault = read(request.training_file, "training_file", "training", &train->train,
                        &train->train_pairs)) {
    return fault;
  }
  if (!request.validation_file.empty()) {
    if (auto fault = read(request.validation_file, "validation_file", "validation", &train->valid,
                          &train->valid_pairs)) {
      return fault;
    }
  }
  const size_t count = pairs ? train->train_pairs.size() : train->train.size();
  if (count < kFewestSamples) {
    return JobFault{"invalid_n_examples", "training_file",
                    "Training file has " + std::to_string(count) +
                        " example(s), but must have at least " + std::to_string(kFewestSamples) +
                        " examples"};
  }
  return std::nullopt;
}

// A number of the method's hyperparameters, or `otherwise` where it is absent or "auto".
double Hyper(const Json& hyper, const char* name, double otherwise) {
  return hyper.contains(name) && hyper[name].is_number() ? hyper[name].get<double>() : otherwise;
}

Status KeepResultFile(Workspace& workspace, const Job& job, JobRequest& request, int64_t now) {
  ASSIGN_OR_RETURN(const auto events, ListJobEvents(workspace.database(), job.id));
  const std::string content = ResultFileContent(events);
  StoredFile file;
  file.id = "file-" + Sha256Hex("results of " + job.id).substr(0, 24);
  file.purpose = "fine-tune-results";
  file.filename = "step_metrics.csv";
  file.bytes = static_cast<int64_t>(content.size());
  file.sha256 = Sha256Hex(content);
  file.created_at = now;
  RETURN_IF_ERROR(PublishFile(workspace.files_folder() / file.id, content));
  RETURN_IF_ERROR(DeleteStoredFile(workspace.database(), file.id));
  RETURN_IF_ERROR(AddStoredFile(workspace.database(), file));
  request.result_file = file.id;
  return SaveJobRequest(workspace.database(), request);
}

}  // namespace

Result<TrainOptions> TrainOptionsOf(const JobRequest& request) {
  const Json method = Json::parse(request.method, nullptr, false);
  if (!method.is_object()) {
    return Fail(ErrorKind::kBadInput, "reading a job's method: it is not JSON");
  }
  const std::string type = method.value("type", "supervised");
  Json hyper = Json::object();
  if (method.contains(type) && method[type].is_object() &&
      method[type].contains("hyperparameters") && method[type]["hyperparameters"].is_object()) {
    hyper = method[type]["hyperparameters"];
  }
  TrainOptions options;
  if (type == "dpo") {
    options.method = TrainMethod::kPreference;
    options.beta = Hyper(hyper, "beta", options.beta);
  }
  options.epochs = static_cast<int>(Hyper(hyper, "n_epochs", 0));
  options.rows_per_step = static_cast<int>(Hyper(hyper, "batch_size", options.rows_per_step));
  options.learning_rate_factor = Hyper(hyper, "learning_rate_multiplier", 1);
  options.seed = static_cast<uint64_t>(request.seed);
  return options;
}

Status RunRequestedJob(Workspace& workspace, const RequestedJobInputs& inputs, const Clock& clock,
                       const Interrupt& interrupt) {
  Database& database = workspace.database();
  ASSIGN_OR_RETURN(auto found, FindJob(database, inputs.job_id));
  ASSIGN_OR_RETURN(auto asked, FindJobRequest(database, inputs.job_id));
  if (!found || !asked) {
    return Fail(ErrorKind::kNotFound, "there is no job " + inputs.job_id + " of the server's API");
  }
  Job job = *std::move(found);
  JobRequest request = *std::move(asked);
  // Another server's trainer had the job's lock until now, and brought it to its end.
  if (JobEnded(job)) return {};
  TrainObserver nobody;
  JobRecorder recorder(database, job, clock, nobody);
  const auto fail = [&](const JobFault& fault) -> Status {
    job.status = "failed";
    job.error = fault.message;
    job.finished_at = clock.UnixSeconds();
    request.error_code = fault.code;
    request.error_param = fault.param;
    RETURN_IF_ERROR(SaveJobRequest(database, request));
    recorder.Event("error", "message", "The job failed: " + fault.message, "");
    return SaveJob(database, job);
  };
  TrainRequest train;
  ASSIGN_OR_RETURN(train.options, TrainOptionsOf(request));
  if (const auto fault = ReadFiles(workspace, request, &train)) return fail(*fault);
  if (job.status == "validating_files") {
    recorder.Event("info", "message", "Files validated, moving job to queued state", "");
    job.status = "queued";
    RETURN_IF_ERROR(SaveJob(database, job));
  }

  auto base = inputs.find_base(job.model);
  if (!base) return fail({"model_not_available", "model", base.error().message});
  train.base = *base;
  train.base_name = job.model;
  train.options.checkpoint_every_seconds = inputs.checkpoint_every_seconds;
  train.engine = inputs.engine;
  train.checkpoint_folder = workspace.checkpoints_folder() / job.id;
  train.output_folder = TrainedFolder(workspace.models_folder() / job.id, train.options);
  const std::string system_prompt = SystemPromptOf(train);
  auto engine = inputs.load_engine();
  if (!engine) return fail({"server_error", "", engine.error().message});
  if (job.status != "running") {
    recorder.Event("info", "message", "Fine-tuning job started", "");
    job.status = "running";
    RETURN_IF_ERROR(SaveJob(database, job));
  }

  auto result = (*engine)->Train(train, recorder, interrupt);
  if (!result) {
    if (result.error().kind == ErrorKind::kInterrupted) {
      return tl::unexpected<Error>(result.error());
    }
    return fail({"training_failed", "", result.error().message});
  }
  RETURN_IF_ERROR(recorder.status());
  const std::string name =
      request.suffix.empty() ? job.id.substr(job.id.size() - 8) : request.suffix;
  RETURN_IF_ERROR(WritePersonaCard(train.output_folder,
                                   {name, job.persona, system_prompt, job.model, job.dataset}));
  job.adapter = RelativeTo(train.output_folder, workspace.folder()).string();
  // OpenAI leaves the suffix's place empty when there is none: "ft:base:org::id".
  job.fine_tuned_model = "ft:" + job.model +
                         ":local:" + (request.suffix.empty() ? "" : ModelSuffix(request.suffix)) +
                         ":" + job.id.substr(job.id.size() - 8);
  job.result = TrainResultJson(*result);
  job.status = "succeeded";
  job.finished_at = clock.UnixSeconds();
  RETURN_IF_ERROR(KeepResultFile(workspace, job, request, job.finished_at));
  recorder.Event("info", "message", "New fine-tuned model created", "");
  recorder.Event("info", "message", "The job has successfully completed", "");
  RETURN_IF_ERROR(recorder.status());
  RETURN_IF_ERROR(SaveJob(database, job));
  Log(LogLevel::kInfo, "job " + job.id + " succeeded");
  std::error_code ignored;
  fs::remove_all(train.checkpoint_folder, ignored);
  return {};
}

std::string ResultFileContent(const std::vector<JobEvent>& events) {
  std::map<int64_t, Json> steps;
  for (const JobEvent& event : events) {
    const Json data = Json::parse(event.data, nullptr, false);
    if (event.type != "metrics" || !data.is_object() || !data.contains("step")) continue;
    steps[data["step"].get<int64_t>()].update(data);
  }
  std::string csv =
      "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy,full_valid_loss,"
      "full_valid_mean_token_accuracy\n";
  for (const auto& [step, data] : steps) {
    if (step <= 0) continue;
    csv += std::to_string(step);
    for (const char* column :
         {"train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy",
          "full_valid_loss", "full_valid_mean_token_accuracy"}) {
      csv += ',';
      if (data.contains(column) && data[column].is_number()) csv += data[column].dump();
    }
    csv += '\n';
  }
  return Base64(csv);
}

}  // namespace idiolect
