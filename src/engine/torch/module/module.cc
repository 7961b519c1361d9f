// The engine as a shared module: the one symbol that the program looks up. No exception of LibTorch
// passes this edge.

#include <torch/version.h>

#include <exception>

#include "core/engine.h"
#include "engine/files/model_file.h"
#include "engine/native/local_chat.h"
#include "engine/torch/trainer.h"

namespace idiolect {
namespace {

// What LibTorch throws carries a stack trace after its first line.
std::string FirstLine(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

template <typename Body>
auto Guarded(const char* doing, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kFailed, std::string(doing) + ": there is not enough memory",
                "try a smaller model, or fewer --pack-tokens");
  } catch (const std::exception& error) {
    return Fail(ErrorKind::kFailed, std::string(doing) + ": " + FirstLine(error),
                "this is a bug: please report it");
  }
}

native::BaseOptions BaseOptionsOf(const EngineOptions& options) {
  native::BaseOptions base;
  base.threads = options.threads;
  base.type = ResolvePrecision(options.precision);
  if (options.precision == Precision::kAuto) base.form = native::WeightForm::kAsStored;
  base.cache_bytes = options.cache_bytes;
  return base;
}

class LocalEngine : public Engine {
 public:
  std::string Version() const override { return "LibTorch " TORCH_VERSION; }

  std::string Machine(const EngineOptions& options) const override {
    return DescribeMachine(options);
  }

  Result<ModelInfo> Inspect(const std::filesystem::path& path) const override {
    return Guarded("reading the model", [&]() -> Result<ModelInfo> {
      ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Open(path));
      const ModelConfig& config = file.config();
      ASSIGN_OR_RETURN(const auto chat_template, file.ReadTemplateText());
      ModelInfo info;
      info.architecture = config.architecture;
      info.name = config.name;
      info.parameters = file.CountParameters();
      info.context_length = config.context_length;
      info.vocabulary = config.vocabulary;
      info.has_chat_template = chat_template.has_value();
      return info;
    });
  }

  Result<std::unique_ptr<ChatModel>> Open(const ModelSpec& spec,
                                          const EngineOptions& options) const override {
    return Guarded("opening the model",
                   [&] { return native::OpenLocalModel(spec, BaseOptionsOf(options)); });
  }

  Result<std::unique_ptr<SharedBase>> OpenShared(const std::filesystem::path& base,
                                                 const EngineOptions& options) const override {
    return Guarded("opening the model",
                   [&] { return native::OpenSharedBase(base, BaseOptionsOf(options)); });
  }

  Result<TrainResult> Train(const TrainRequest& request, TrainObserver& observer,
                            const Interrupt& interrupt) const override {
    return Guarded("training", [&] { return TrainAdapter(request, observer, interrupt); });
  }
};

}  // namespace
}  // namespace idiolect

extern "C" __attribute__((visibility("default"))) idiolect::Engine* idiolect_create_engine(
    int abi) {
  return abi == idiolect::kEngineAbi ? new idiolect::LocalEngine : nullptr;
}
