#pragma once
// The models a client may name: base models on this machine, what was trained in this workspace,
// and the user's aliases for them. Names only; ModelHost opens them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/engine.h"
#include "providers/model_store.h"
#include "serve/api_error.h"
#include "store/workspace.h"

namespace idiolect {

enum class ModelKind { kBase, kTuned, kAlias };

struct NamedModel {
  std::string id;
  ModelKind kind = ModelKind::kBase;
  int64_t created = 0;
  std::string owner;             // "local" for what was trained here
  ModelSpec spec;                // an alias: its target's
  std::filesystem::path folder;  // of what was trained here
  std::string persona;           // shown name, empty for a base model
  std::string system_prompt;     // as it was trained
  std::string job_id;
  std::string base_name;
};

// Base models by name, then trained ones, the newest first, then aliases. What the disk lacks is
// left out.
Result<std::vector<NamedModel>> ListNamedModels(Workspace& workspace, const ModelStore& store);
// By id, by job id, or by a checkpoint's id (":ckpt-step-N" of the kept step); nullopt when there
// is none.
Result<std::optional<NamedModel>> FindNamedModel(Workspace& workspace, const ModelStore& store,
                                                 const std::string& id);
// The step whose weights a finished job kept: its best validation's, or its last.
int64_t KeptStep(const std::string& job_result);

ApiError NoSuchModel(const std::string& id);

// Opens models and keeps them open; several requests share one base. Thread-safe.
class ModelHost {
 public:
  virtual ~ModelHost() = default;
  // The model stays usable as long as the pointer is held.
  virtual Result<std::shared_ptr<const ChatModel>> Open(const ModelSpec& spec) = 0;
  // Lets go of an adapter that was deleted.
  virtual void Forget(const ModelSpec& spec) = 0;
  virtual std::string Describe() const = 0;  // engine and machine, in words
};

}  // namespace idiolect
