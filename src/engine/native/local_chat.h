#pragma once
// The local model as everyone else sees it: a ChatModel. An adapter is merged into the weights
// while they are loaded, in f32 and before rounding, so that decoding costs what the base model
// does.

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "core/chat_model.h"
#include "core/engine.h"
#include "engine/native/dtype.h"

namespace idiolect::native {

// Fails with kNotFound when a file or folder is absent, kBadInput when it is not what it should be
// or the adapter belongs to another model. The adapter's chat template, if it has one, is used
// instead of the file's.
Result<std::unique_ptr<ChatModel>> OpenLocalModel(const ModelSpec& spec, int threads, Dtype type);

// Fails as OpenLocalModel does. Each model opened from it holds its own merged weights.
Result<std::unique_ptr<SharedBase>> OpenSharedBase(const std::filesystem::path& base, int threads,
                                                   Dtype type);

}  // namespace idiolect::native
