#pragma once
// What the server's endpoints share: the workspace behind a lock, the models, the threads, the
// counters, the options. One object, made by Server, given to every handler.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "serve/access.h"
#include "serve/http_server.h"
#include "serve/metrics.h"
#include "serve/model_book.h"
#include "serve/worker_pool.h"
#include "store/workspace.h"

namespace idiolect {

class TrainingQueue;

enum class SystemPromptRule {
  kAsTrained,  // a request without a system message gets the one the model was trained with
  kAsSent,
};

struct ServiceOptions {
  AccessOptions access;
  SystemPromptRule system_prompt = SystemPromptRule::kAsTrained;
  int parallel_answers = 32;     // generated at the same time
  int waiting_answers = 128;     // more are refused with 429
  int max_answer_tokens = 2048;  // when a request names no limit
  int64_t most_body_bytes = 8 << 20;
  int64_t most_file_bytes = 512ll << 20;
  int64_t most_part_bytes = 64ll << 20;
  int64_t most_upload_bytes = 8ll << 30;
  std::string organization = "local";
};

struct Service {
  ServiceOptions options;
  const Clock* clock = nullptr;
  ModelHost* models = nullptr;
  const ModelStore* store = nullptr;
  TrainingQueue* training = nullptr;
  Metrics metrics;
  int64_t started_at = 0;
  WorkerPool* answers = nullptr;  // generation
  std::function<int64_t()> connections;

  // Runs `work` with the workspace, one caller at a time.
  template <typename Work>
  auto WithWorkspace(const Work& work) {
    const std::lock_guard lock(mutex);
    return work(*workspace);
  }

  std::mutex mutex;
  std::unique_ptr<Workspace> workspace;  // guarded by mutex
};

}  // namespace idiolect
