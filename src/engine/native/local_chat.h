#pragma once
// The local model as everyone else sees it: a ChatModel, alone or one of several on a shared base.

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "core/chat_model.h"
#include "core/engine.h"
#include "engine/native/shared_base.h"

namespace idiolect::native {

// Fails with kNotFound when a file or folder is absent, kBadInput when it is not what it should be
// or the adapter belongs to another model. The adapter is merged into unpacked weights while they
// are loaded, in f32 and before rounding, so that decoding costs what the base model does; beside
// weights that stay as stored it remains two factors. Its chat template, if it has one, is used
// instead of the file's.
Result<std::unique_ptr<ChatModel>> OpenLocalModel(const ModelSpec& spec,
                                                  const BaseOptions& options);

// The base stays as it is; adapters are factors beside it, whose tokens are computed in the same
// steps as everyone's.
Result<std::unique_ptr<SharedBase>> OpenSharedBase(const std::filesystem::path& base,
                                                   const BaseOptions& options);
// The same around a base that is loaded already.
std::unique_ptr<SharedBase> ShareBase(std::shared_ptr<BaseModel> base);

}  // namespace idiolect::native
