#pragma once
// One HTTP request and what became of it, as the provider clients need it: whether the server may
// have acted is always known. CurlHttp is the real one; tests hand in their own. Redirects are not
// followed: an API's key must not travel to another host.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/random.h"
#include "base/result.h"

namespace idiolect {

// A stretch of a file, sent without being read into memory.
struct FileRange {
  std::filesystem::path path;
  uint64_t offset = 0, bytes = 0;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  // The body: `body`, then the file's bytes, then `body_end` (a multipart form's ends).
  std::string body;
  std::optional<FileRange> file;
  std::string body_end;
  int connect_timeout_s = 20;
  int stall_timeout_s = 60;   // nothing sent or received for so long
  int total_timeout_s = 120;  // 0: none
  uint64_t most_answer_bytes = 64 << 20;
  // Gets the body of a 2xx answer as it comes, which is then not kept; false ends the request.
  std::function<bool(std::string_view)> on_body;
  std::function<void(uint64_t sent)> on_sent;
  // Once true the request is never sent again: part of its answer has been used.
  const bool* begun = nullptr;
};

enum class Delivery {
  kNotSent,   // the server cannot have acted
  kUnknown,   // the connection ended somewhere in between
  kAnswered,  // there is a status
};

struct HttpAnswer {
  int status = 0;  // 0: none came
  Delivery delivery = Delivery::kNotSent;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  // Set when the exchange did not come to its end (then `body` may be cut): kUnavailable,
  // kInterrupted, or kFailed where trying again would not help.
  std::optional<Error> error;

  bool Ok() const { return !error && status >= 200 && status < 300; }
};

// Thread-compatible.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual HttpAnswer Send(const HttpRequest& request, const Interrupt& interrupt) = 0;
};

// libcurl; proxies as curl takes them from the environment, never for the loopback. Connections are
// kept and used again. kFailed when libcurl is not there.
Result<std::unique_ptr<HttpClient>> MakeCurlHttp();

// A multipart/form-data body of `fields` and one file, under the name `file_field`; sets the body
// and its Content-Type.
struct FormField {
  std::string name, value;
};
void SetMultipart(const std::vector<FormField>& fields, const std::string& file_field,
                  const std::string& file_name, FileRange file, HttpRequest* request);

std::string UrlEncode(std::string_view text);
// Whether the URL's host is this machine: then plain HTTP is allowed.
bool IsLoopbackUrl(std::string_view url);

// ---- trying again -------------------------------------------------------------------------------

struct RetryPolicy {
  int tries = 6;
  int first_delay_ms = 1000;  // doubled each time, less up to a half by chance
  int longest_delay_ms = 30'000;
  int longest_retry_after_s = 300;  // a server that asks for more is left alone
};

enum class Repeat {
  kAlways,           // reading, or doing it twice is doing it once
  kUnlessMaybeDone,  // creating: only when the server surely did nothing (no connection, 429)
};

// Sends until there is an answer worth reading or the tries are used up; then the last one.
// Retry-After is honoured. Interrupted, `error` is kInterrupted.
class HttpRetry {
 public:
  HttpRetry(HttpClient& client, const RetryPolicy& policy, uint64_t seed)
      : client_(client), policy_(policy), random_(seed) {}
  HttpAnswer Send(const HttpRequest& request, Repeat repeat, const Interrupt& interrupt);

 private:
  HttpClient& client_;
  RetryPolicy policy_;
  Random random_;
};

// Sleeps in small steps; false when interrupted.
bool PauseFor(int64_t milliseconds, const Interrupt& interrupt);

}  // namespace idiolect
