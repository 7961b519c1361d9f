#pragma once
// What the commands that reach other people's servers share: the options that say which, the key,
// the service behind them, and `finetune --provider`.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/options.h"
#include "cli/stages.h"
#include "providers/tuning_service.h"
#include "store/hosted.h"

namespace idiolect {

struct ServiceChoice {
  std::string provider;
  std::string base_url;                             // empty: the row's or its variable's
  std::string project, location, bucket, resource;  // Vertex; Azure
};

enum class ProviderRole { kTraining, kUsing };

// --provider and the options that some providers need.
void AddServiceOptions(CLI::App& app, Language language, ServiceChoice& choice, ProviderRole role);

// All providers: the built-in table under the workspace's providers.toml.
Result<std::vector<Provider>> ReadProviders(const std::filesystem::path& workspace_folder);

struct OpenedService {
  Provider provider;  // base_url filled in
  std::vector<Provider> all;
  ServiceOptions options;
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<TuningService> service;
};

// The row with its base URL, no key yet; kMisuse when something must be said first.
Result<Provider> ResolveProvider(const std::vector<Provider>& all, const ServiceChoice& choice);

// Finds the key (warns about a readable .env), loads libcurl. `clock` and `interrupt` of the
// context are borrowed.
Result<std::unique_ptr<OpenedService>> OpenService(Context& context,
                                                   const std::filesystem::path& workspace_folder,
                                                   const ServiceChoice& choice);

// The choice a run was begun with.
ServiceChoice ChoiceOfRun(const HostedRun& run);

struct HostedFinetuneOptions {
  ServiceChoice choice;
  std::string model, dataset, suffix;
  int64_t epochs = 0, batch_size = 0, seed = -1;
  double rate = 0;
  size_t answers = 5;
  bool yes = false, dry_run = false, again = false;
};
Status HostedFinetune(Context& context, Workspace& workspace, const PersonSummary& persona,
                      const HostedFinetuneOptions& options);

// From the state of the run on: follows, tests, saves. `jobs follow` comes in here.
Status FinishHostedJob(Context& context, Workspace& workspace, OpenedService& opened,
                       HostedRun& run, size_t answers);

}  // namespace idiolect
