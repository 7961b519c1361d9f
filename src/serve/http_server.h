#pragma once
// Listens, reads requests and writes answers, on one thread of its own for all connections: ten
// thousand that say nothing cost memory and no thread. What a request means is the handler's.
//
// Slow clients: a request's head must be whole `head_seconds` after the connection or the previous
// answer, a body must bring 64 KiB in each `body_seconds`, an answer must be read at that pace
// too. When `most_connections` are open, a new one takes the place of the one that has been silent
// longest. A client that closes its side while its answer is being made is taken to be gone.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "serve/http.h"

namespace idiolect {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // numeric
  uint16_t port = 8080;               // 0: any free one
  int head_seconds = 20;
  int idle_seconds = 75;  // between two requests on one connection
  int body_seconds = 30;
  int write_seconds = 30;
  int64_t most_head_bytes = 32 << 10;
  int64_t most_unread_bytes = 8 << 20;  // of a streamed answer that the client does not read
  int64_t most_connections = 16'384;    // less where the system's limit of open files is lower
};

class HttpServer {
 public:
  // `handler` must outlive the server.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                   HttpHandler& handler);
  // Closes all connections and waits for the network thread. Exchanges that are still held stay
  // valid; what they send goes nowhere.
  virtual ~HttpServer() = default;
  virtual uint16_t port() const = 0;
  virtual int64_t connections() const = 0;
};

}  // namespace idiolect
