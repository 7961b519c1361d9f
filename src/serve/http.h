#pragma once
// HTTP/1.1 as the rest of `serve` sees it: a request, what decides about its body before that is
// read, and an exchange through which any thread answers. The library behind it (Boost.Beast) is
// seen by http_server.cc alone.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"

namespace idiolect {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// A file field of a multipart form, already on the disk under a name of ours. Removed when the
// exchange goes, unless its path was taken (made empty).
struct ReceivedFile {
  std::string filename;  // as the client named it: to be shown, never to be opened
  std::filesystem::path path;
  int64_t bytes = 0;
  std::string sha256;
};

struct IncomingRequest {
  std::string method;
  std::string path;                          // percent-decoded, without the query
  std::vector<std::string> segments;         // of the path, each decoded by itself
  std::map<std::string, std::string> query;  // decoded
  HttpFields headers;                        // names in lower case
  std::string body;                          // empty for a form
  std::map<std::string, std::string> form;   // text fields of a multipart form
  std::map<std::string, ReceivedFile> files;
  std::string peer;

  // Empty when there is no such header; the first when there are several.
  std::string_view Header(std::string_view lower_case_name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  HttpFields headers;
};

enum class BodyKind { kNone, kMemory, kForm };
// What is to be done with a request whose head is there and whose body is not.
struct BodyPlan {
  std::optional<HttpResponse> refusal;  // sent at once; the body is not read, the connection closed
  BodyKind kind = BodyKind::kNone;
  int64_t limit = 0;              // bytes; more is answered 413
  std::filesystem::path folder;   // kForm: where its files go
  std::string too_large_message;  // of the 413
};

// One request and its answer. Thread-safe; exactly one of Send, SendFile or Begin…End is called.
// Nothing is sent twice: later calls are ignored.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual IncomingRequest& request() = 0;
  virtual void Send(HttpResponse response) = 0;
  // The file's bytes with the response's head (its body is ignored).
  virtual void SendFile(HttpResponse head, const std::filesystem::path& file) = 0;
  // A body of unknown length in pieces.
  virtual void Begin(HttpResponse head) = 0;
  // False when the client went away or does not read: stop making more.
  virtual bool Write(std::string piece) = 0;
  virtual void End() = 0;
  // Requested when the client goes away before the answer is whole.
  virtual const Interrupt& gone() const = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Both are called on the network thread and must not block.
  virtual BodyPlan OnHead(const IncomingRequest& request) = 0;
  virtual void OnRequest(std::shared_ptr<HttpExchange> exchange) = 0;
  // The body for an error that the network side found: 400, 408, 411, 413, 431.
  virtual HttpResponse OnBadRequest(int status, const std::string& message) = 0;
};

// "%D0%9F+x" → "П x" (plus stays a plus outside a query). nullopt when an escape is broken or gives
// a NUL.
enum class PlusMeans { kPlus, kSpace };
std::optional<std::string> PercentDecode(std::string_view text, PlusMeans plus);
// Fills path, segments and query from a request target; false when it is not one.
bool ParseTarget(std::string_view target, IncomingRequest* request);
const char* ReasonPhrase(int status);

}  // namespace idiolect
