#pragma once
// The whole server: OpenAI's API over a workspace, and the page at `/`. Knows models only through
// core's interfaces, and trains by starting a process.

#include <memory>
#include <string>

#include "base/clock.h"
#include "serve/http_server.h"
#include "serve/service.h"
#include "serve/training_queue.h"

namespace idiolect {

struct ServerOptions {
  HttpServerOptions http;
  ServiceOptions service;
  TrainerCommand trainer;
};

class Server {
 public:
  // `models`, `store` and `clock` must outlive it. kMisuse when it would listen beyond loopback
  // without a token.
  static Result<std::unique_ptr<Server>> Start(std::unique_ptr<Workspace> workspace,
                                               const ServerOptions& options, ModelHost& models,
                                               const ModelStore& store, const Clock& clock);
  // Ends answers that are being made, stops the trainer after a checkpoint.
  virtual ~Server() = default;
  virtual uint16_t port() const = 0;
  // To be called from time to time: what expired is removed.
  virtual void Tidy() = 0;
};

}  // namespace idiolect
