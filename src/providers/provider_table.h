#pragma once
// The hosted services the program knows, as rows: paths, names of fields, limits, prices, last
// days. A difference between two services is a field here and not a class, wherever it can be. Read
// from models/providers.toml, which is built into the program, and from the workspace's
// providers.toml over it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/language.h"
#include "base/result.h"

namespace idiolect {

struct HostedModel {
  std::string id;
  std::string until;  // last day, "2027-01-13"; empty: none known
};

enum class ServiceShape { kOpenAi, kVertex, kGemini };
enum class AuthStyle { kBearer, kApiKeyHeader, kGoogleKeyHeader, kGoogleToken };
enum class JobForm { kMethod, kHyperparameters, kTogether };
enum class DataForm { kOpenAi, kOpenAiWithBom, kTogether, kVertex };
enum class RateMeaning { kMultiplier, kAbsolute };
enum class JobsState { kOpen, kClosing, kNone };
enum class Serving { kDirect, kDeployment, kEndpoint };

struct Provider {
  std::string name, title;
  ServiceShape shape = ServiceShape::kOpenAi;
  std::string base_url, base_url_env, storage_url;
  std::string key_env;
  bool key_optional = false;
  AuthStyle auth = AuthStyle::kBearer;
  std::string upload_path = "/files", files_path = "/files", jobs_path = "/fine_tuning/jobs";
  JobForm job_form = JobForm::kMethod;
  DataForm data_form = DataForm::kOpenAi;
  RateMeaning rate = RateMeaning::kMultiplier;
  std::string max_tokens_field = "max_tokens";
  bool metadata = false;
  int64_t min_examples = 1, most_file_bytes = 512'000'000, suffix_length = 40;
  int64_t parts_above = 0, part_bytes = 0;
  JobsState jobs = JobsState::kOpen;
  std::string jobs_until, models_until;  // "2027-01-05"; empty: none known
  std::string note_en, note_ru;
  Serving serving = Serving::kDirect;
  std::string serving_en, serving_ru;
  int64_t poll_ms = 10'000, settle_ms = 3000, tries = 6, retry_ms = 1000, timeout_s = 120;
  std::vector<HostedModel> models;

  const std::string& Note(Language language) const {
    return language == Language::kRussian ? note_ru : note_en;
  }
  const std::string& ServingNote(Language language) const {
    return language == Language::kRussian ? serving_ru : serving_en;
  }
};

// `over` is laid over `built_in` field by field. kBadInput names the provider and the field.
Result<std::vector<Provider>> ParseProviders(std::string_view built_in, std::string_view over);

std::string_view BuiltInProvidersText();

// kNotFound, with what there is, when there is no such provider.
Result<Provider> FindProvider(const std::vector<Provider>& providers, const std::string& name);

// Whether a job can still be created on `day` ("2026-11-24"): an error with the reason, the date
// and the providers of the list that do take jobs.
Status CheckTakesJobs(const Provider& provider, const std::vector<Provider>& all,
                      const std::string& day, Language language);

}  // namespace idiolect
