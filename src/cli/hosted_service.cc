#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/hosted.h"
#include "providers/dotenv.h"

namespace idiolect {
namespace {

std::string Environment(const std::string& name) {
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

// {project} and the like filled in; an error that says how to give what is missing.
Status FillIn(const char* place, const std::string& value, const char* how, std::string* url) {
  const std::string mark = std::string("{") + place + "}";
  for (size_t at = url->find(mark); at != url->npos; at = url->find(mark)) {
    if (value.empty()) {
      return Fail(ErrorKind::kMisuse, std::string("the address needs the ") + place, how);
    }
    url->replace(at, mark.size(), UrlEncode(value));
  }
  return {};
}

}  // namespace

void AddServiceOptions(CLI::App& app, Language language, ServiceChoice& choice, ProviderRole role) {
  AddOption(app, language,
            role == ProviderRole::kTraining
                ? OptionRow{"--provider",
                            {"who trains: local, openai, azure, nebius, together, gemini (files "
                             "only), vertex, "
                             "openai-compatible",
                             "кто обучает: local, openai, azure, nebius, together, gemini (только "
                             "файлы), "
                             "vertex, openai-compatible"},
                            nullptr}
                : OptionRow{"--provider",
                            {"a hosted service instead of this machine",
                             "чужой сервис вместо этой машины"},
                            nullptr},
            choice.provider);
  AddOption(app, language,
            {"--base-url", {"of an OpenAI-compatible server", "адрес совместимого сервера"}},
            choice.base_url);
  AddOption(app, language, {"--resource", {"Azure's", "ресурс Azure"}, "AZURE_OPENAI_RESOURCE"},
            choice.resource);
  AddOption(app, language,
            {"--project", {"Google Cloud's", "проект Google Cloud"}, "GOOGLE_CLOUD_PROJECT"},
            choice.project);
  AddOption(app, language,
            {"--location", {"Google Cloud's", "регион Google Cloud"}, "GOOGLE_CLOUD_LOCATION"},
            choice.location);
  AddOption(app, language,
            {"--bucket",
             {"Cloud Storage, for Vertex", "Cloud Storage, для Vertex"},
             "IDIOLECT_VERTEX_BUCKET"},
            choice.bucket);
}

Result<std::vector<Provider>> ReadProviders(const std::filesystem::path& workspace_folder) {
  const auto path = workspace_folder / "providers.toml";
  std::string over;
  if (Exists(path)) {
    ASSIGN_OR_RETURN(over, ReadFile(path));
  }
  return ParseProviders(BuiltInProvidersText(), over);
}

Result<Provider> ResolveProvider(const std::vector<Provider>& all, const ServiceChoice& choice) {
  ASSIGN_OR_RETURN(auto provider, FindProvider(all, choice.provider));
  const std::string from_environment = Environment(provider.base_url_env);
  if (!choice.base_url.empty()) {
    provider.base_url = choice.base_url;
  } else if (!from_environment.empty()) {
    provider.base_url = from_environment;
  }
  RETURN_IF_ERROR(FillIn("resource", choice.resource,
                         "--resource NAME, or AZURE_OPENAI_RESOURCE, or the whole --base-url",
                         &provider.base_url));
  const std::string location = choice.location.empty() ? "us-central1" : choice.location;
  RETURN_IF_ERROR(FillIn("location", location, "--location REGION", &provider.base_url));
  while (provider.base_url.ends_with('/')) provider.base_url.pop_back();
  if (!provider.base_url.starts_with("https://") && !provider.base_url.starts_with("http://")) {
    return Fail(ErrorKind::kMisuse,
                provider.base_url.empty() ? "it is not said which server"
                                          : "the base URL does not begin with https://",
                "--base-url https://HOST/v1, or " + provider.base_url_env);
  }
  if (!provider.base_url.starts_with("https://") && !IsLoopbackUrl(provider.base_url)) {
    return Fail(ErrorKind::kMisuse,
                "plain HTTP is for this machine only: the key would travel in the open",
                "use https://");
  }
  if (provider.shape == ServiceShape::kVertex &&
      (choice.project.empty() || choice.bucket.empty())) {
    return Fail(ErrorKind::kMisuse, "Vertex AI needs a project and a Cloud Storage bucket",
                "--project ID --bucket NAME, or GOOGLE_CLOUD_PROJECT and IDIOLECT_VERTEX_BUCKET");
  }
  return provider;
}

Result<std::unique_ptr<OpenedService>> OpenService(Context& context,
                                                   const std::filesystem::path& workspace_folder,
                                                   const ServiceChoice& choice) {
  auto opened = std::make_unique<OpenedService>();
  ASSIGN_OR_RETURN(opened->all, ReadProviders(workspace_folder));
  ASSIGN_OR_RETURN(opened->provider, ResolveProvider(opened->all, choice));
  const Provider& provider = opened->provider;
  std::string warning;
  ASSIGN_OR_RETURN(const auto key,
                   FindKey(provider.key_env, {workspace_folder / ".env", ".env"}, &warning));
  if (!warning.empty()) context.Note(warning);
  if (!key && !provider.key_optional) {
    return Fail(ErrorKind::kMisuse, "there is no key for " + provider.title,
                "put " + provider.key_env + "=… into " + (workspace_folder / ".env").string() +
                    " and keep it to yourself: chmod 600");
  }
  ServiceOptions& options = opened->options;
  options.provider = provider;
  if (key) {
    options.key = key->value;
    options.key_source = provider.key_env + " of " + key->source;
  }
  options.project = choice.project;
  options.location = choice.location.empty() ? "us-central1" : choice.location;
  options.bucket = choice.bucket.starts_with("gs://") ? choice.bucket.substr(5) : choice.bucket;
  options.language = context.global.language;
  // What to try when it turns out that the provider takes no jobs.
  Provider closed = provider;
  closed.jobs = JobsState::kNone;
  const auto others = CheckTakesJobs(closed, opened->all, FormatDay(context.clock->UnixSeconds()),
                                     context.global.language);
  if (!others) options.closed_hint = others.error().hint;
  ASSIGN_OR_RETURN(opened->http, MakeCurlHttp());
  opened->service = MakeTuningService(options, *opened->http, *context.clock, *context.interrupt);
  return opened;
}

ServiceChoice ChoiceOfRun(const HostedRun& run) {
  const auto json = nlohmann::json::parse(run.options, nullptr, /*allow_exceptions=*/false);
  const auto field = [&json](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string()
               ? json[name].get<std::string>()
               : std::string();
  };
  ServiceChoice choice;
  choice.provider = run.provider;
  choice.base_url = run.account;
  choice.project = field("project");
  choice.location = field("location");
  choice.bucket = field("bucket");
  return choice;
}

}  // namespace idiolect
