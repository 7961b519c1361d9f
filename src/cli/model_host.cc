#include "cli/model_host.h"

#include <map>
#include <mutex>
#include <utility>

namespace idiolect {
namespace {

// A base and its models; a request that still talks with one keeps it all alive.
struct OpenBase {
  std::unique_ptr<SharedBase> base;
  std::map<std::string, std::unique_ptr<ChatModel>>
      models;  // by adapter folder; "": the base alone
};

class EngineHost : public ModelHost {
 public:
  explicit EngineHost(const EngineOptions& options) : options_(options) {}

  Result<std::shared_ptr<const ChatModel>> Open(const ModelSpec& spec) override {
    // One at a time: whoever asks for a model that is being loaded waits for it.
    const std::lock_guard lock(mutex_);
    if (!engine_) {
      ASSIGN_OR_RETURN(engine_, LoadEngine());
    }
    std::shared_ptr<OpenBase>& open = bases_[spec.base.string()];
    if (!open) {
      auto base = engine_->OpenShared(spec.base, options_);
      if (!base) {
        bases_.erase(spec.base.string());
        return tl::unexpected<Error>(std::move(base).error());
      }
      open = std::make_shared<OpenBase>();
      open->base = *std::move(base);
    }
    std::unique_ptr<ChatModel>& model = open->models[spec.adapter.string()];
    if (!model) {
      auto made = open->base->Model(spec.adapter, spec.name);
      if (!made) {
        open->models.erase(spec.adapter.string());
        return tl::unexpected<Error>(std::move(made).error());
      }
      model = *std::move(made);
    }
    return std::shared_ptr<const ChatModel>(open, model.get());
  }

  void Forget(const ModelSpec& spec) override {
    // What talks with it now goes on: its weights are in memory. A new adapter under the same name
    // will be read anew once the base is opened anew.
    const std::lock_guard lock(mutex_);
    bases_.erase(spec.base.string());
  }

  std::string Describe() const override {
    const std::lock_guard lock(mutex_);
    return engine_ ? engine_->Version() + ", " + engine_->Machine(options_) : std::string();
  }

 private:
  const EngineOptions options_;
  mutable std::mutex mutex_;
  std::unique_ptr<Engine> engine_;  // before what it made
  std::map<std::string, std::shared_ptr<OpenBase>> bases_;
};

}  // namespace

std::unique_ptr<ModelHost> MakeModelHost(const EngineOptions& options) {
  return std::make_unique<EngineHost>(options);
}

}  // namespace idiolect
