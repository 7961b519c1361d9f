#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "providers/curl_library.h"
#include "providers/http.h"

namespace idiolect {
namespace {

using Steady = std::chrono::steady_clock;

// What the callbacks of one request need.
struct Exchange {
  const HttpRequest& request;
  const Interrupt& interrupt;
  const CurlLibrary& library;
  CURL* curl;
  HttpAnswer answer{};
  int fd = -1;  // of the file to send
  uint64_t size = 0, sent = 0;
  curl_off_t up = 0, down = 0;
  Steady::time_point last_change = Steady::now();
  bool interrupted = false, stalled = false, too_large = false, ended_by_reader = false,
       file_failed = false;
};

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) exchange->answer.headers.clear();  // 100 Continue came before
  const auto colon = line.find(':');
  if (colon == line.npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  exchange->answer.headers[name] = std::string(TrimSpace(line.substr(colon + 1)));
  return size;
}

size_t OnBody(char* data, size_t, size_t size, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  long status = 0;
  exchange->library.easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
  if (exchange->request.on_body && status >= 200 && status < 300) {
    if (exchange->request.on_body({data, size})) return size;
    exchange->ended_by_reader = true;
    return 0;
  }
  if (exchange->answer.body.size() + size > exchange->request.most_answer_bytes) {
    exchange->too_large = true;
    return 0;
  }
  exchange->answer.body.append(data, size);
  return size;
}

// The request's body: text, stretch of a file, text.
size_t OnSend(char* out, size_t, size_t room, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const HttpRequest& request = exchange->request;
  const uint64_t file_start = request.body.size();
  const uint64_t file_bytes = request.file ? request.file->bytes : 0;
  size_t given = 0;
  while (given < room && exchange->sent < exchange->size) {
    const uint64_t at = exchange->sent;
    size_t take = 0;
    if (at < file_start) {
      take = std::min<uint64_t>(room - given, file_start - at);
      std::memcpy(out + given, request.body.data() + at, take);
    } else if (at < file_start + file_bytes) {
      take = std::min<uint64_t>(room - given, file_start + file_bytes - at);
      const ssize_t got = ::pread(exchange->fd, out + given, take,
                                  static_cast<off_t>(request.file->offset + at - file_start));
      if (got <= 0) {
        exchange->file_failed = true;
        return CURL_READFUNC_ABORT;
      }
      take = static_cast<size_t>(got);
    } else {
      const uint64_t from = at - file_start - file_bytes;
      take = std::min<uint64_t>(room - given, request.body_end.size() - from);
      std::memcpy(out + given, request.body_end.data() + from, take);
    }
    given += take;
    exchange->sent += take;
  }
  if (request.on_sent) request.on_sent(exchange->sent);
  return given;
}

int OnSeek(void* user, curl_off_t offset, int origin) {
  auto* exchange = static_cast<Exchange*>(user);
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  exchange->sent = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// Called at least once a second.
int OnTick(void* user, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  auto* exchange = static_cast<Exchange*>(user);
  if (exchange->interrupt.Requested()) {
    exchange->interrupted = true;
    return 1;
  }
  const auto now = Steady::now();
  if (up != exchange->up || down != exchange->down) {
    exchange->up = up;
    exchange->down = down;
    exchange->last_change = now;
  }
  exchange->stalled =
      now - exchange->last_change >= std::chrono::seconds(exchange->request.stall_timeout_s);
  return exchange->stalled ? 1 : 0;
}

// "https://api.example.org": where a message says the trouble is. Paths may hold ids, queries more.
std::string HostOf(const std::string& url) {
  const size_t start = url.find("://");
  const size_t end = url.find_first_of("/?#", start == url.npos ? 0 : start + 3);
  return url.substr(0, end);
}

class CurlHttp : public HttpClient {
 public:
  CurlHttp(const CurlLibrary* library, CURL* curl) : library_(library), curl_(curl) {}
  ~CurlHttp() override { library_->easy_cleanup(curl_); }

  HttpAnswer Send(const HttpRequest& request, const Interrupt& interrupt) override {
    Exchange exchange{request, interrupt, *library_, curl_};
    const std::string host = HostOf(request.url);
    if (!request.url.starts_with("https://") && !IsLoopbackUrl(request.url)) {
      exchange.answer.error = Error{ErrorKind::kMisuse,
                                    "asking " + host +
                                        ": plain HTTP is for this machine only, a key would "
                                        "travel in the open",
                                    "use https://"};
      return std::move(exchange.answer);
    }
    if (request.file) {
      exchange.fd = ::open(request.file->path.c_str(), O_RDONLY | O_CLOEXEC);
      if (exchange.fd < 0) {
        exchange.answer.error = Error{
            ErrorKind::kFailed,
            "opening " + request.file->path.string() + " to send it: " + std::strerror(errno), ""};
        return std::move(exchange.answer);
      }
    }
    curl_slist* headers = nullptr;
    for (const auto& header : request.headers) {
      headers = library_->slist_append(headers, header.c_str());
    }
    headers = library_->slist_append(headers, "Expect:");
    // curl would call a body a form where nobody says what it is.
    const bool typed =
        std::any_of(request.headers.begin(), request.headers.end(),
                    [](const auto& header) { return header.starts_with("Content-Type:"); });
    if (!typed) headers = library_->slist_append(headers, "Content-Type:");
    char error_text[CURL_ERROR_SIZE] = "";
    Configure(request, headers, error_text, &exchange);
    const CURLcode code = library_->easy_perform(curl_);
    library_->slist_free_all(headers);
    if (exchange.fd >= 0) ::close(exchange.fd);
    Judge(code, error_text, host, &exchange);
    return std::move(exchange.answer);
  }

 private:
  void Configure(const HttpRequest& request, curl_slist* headers, char* error_text,
                 Exchange* exchange) {
    library_->easy_reset(curl_);
    const auto set = [this](CURLoption option, auto value) {
      library_->easy_setopt(curl_, option, value);
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "idiolect");
    set(CURLOPT_ERRORBUFFER, error_text);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_timeout_s));
    set(CURLOPT_TIMEOUT, static_cast<long>(request.total_timeout_s));
    if (IsLoopbackUrl(request.url)) set(CURLOPT_NOPROXY, "*");
    exchange->size =
        request.body.size() + (request.file ? request.file->bytes : 0) + request.body_end.size();
    if (request.method == "POST" || request.method == "PUT" || exchange->size > 0) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange->size));
      set(CURLOPT_READFUNCTION, OnSend);
      set(CURLOPT_READDATA, exchange);
      set(CURLOPT_SEEKFUNCTION, OnSeek);
      set(CURLOPT_SEEKDATA, exchange);
    }
    // On a kept connection that turns out dead curl sends the request again by itself, whether or
    // not the server acted on the first: only reading may be done so.
    if (request.method != "GET") set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_HEADERFUNCTION, OnHeader);
    set(CURLOPT_HEADERDATA, exchange);
    set(CURLOPT_WRITEFUNCTION, OnBody);
    set(CURLOPT_WRITEDATA, exchange);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, OnTick);
    set(CURLOPT_XFERINFODATA, exchange);
  }

  void Judge(CURLcode code, const char* error_text, const std::string& host, Exchange* exchange) {
    HttpAnswer& answer = exchange->answer;
    long status = 0;
    library_->easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_off_t sent = 0;
    library_->easy_getinfo(curl_, CURLINFO_SIZE_UPLOAD_T, &sent);
    long request_bytes = 0;
    library_->easy_getinfo(curl_, CURLINFO_REQUEST_SIZE, &request_bytes);
    // A body that was not sent to its end cannot have been acted on: its length was announced.
    const bool whole = request_bytes > 0 && static_cast<uint64_t>(sent) >= exchange->size;
    answer.delivery = status > 0 ? Delivery::kAnswered
                      : whole    ? Delivery::kUnknown
                                 : Delivery::kNotSent;
    if (code == CURLE_OK || exchange->ended_by_reader) return;
    // The status came and then the body broke off: the server did something.
    const std::string asking = "asking " + host + ": ";
    const auto fail = [&](ErrorKind kind, const std::string& what, const char* hint) {
      answer.error = Error{kind, asking + what, hint};
    };
    if (exchange->interrupted) return fail(ErrorKind::kInterrupted, "interrupted", "");
    if (exchange->file_failed) {
      return fail(ErrorKind::kFailed, "the file to send changed or cannot be read", "");
    }
    if (exchange->too_large) {
      return fail(ErrorKind::kFailed, "the answer is larger than any answer should be",
                  "check the base URL");
    }
    if (exchange->stalled) {
      return fail(
          ErrorKind::kUnavailable,
          "nothing moved for " + std::to_string(exchange->request.stall_timeout_s) + " seconds",
          "check the network and run the same command again");
    }
    const std::string why = error_text[0] != '\0' ? error_text : library_->easy_strerror(code);
    const bool hopeless = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
                          code == CURLE_PEER_FAILED_VERIFICATION;
    fail(hopeless ? ErrorKind::kFailed : ErrorKind::kUnavailable, why,
         "check the network (a proxy is taken from https_proxy) and run the same command again");
  }

  const CurlLibrary* library_;
  CURL* curl_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> MakeCurlHttp() {
  ASSIGN_OR_RETURN(const CurlLibrary* library, LoadCurl());
  CURL* curl = library->easy_init();
  if (curl == nullptr) return Fail(ErrorKind::kFailed, "starting libcurl failed");
  return std::make_unique<CurlHttp>(library, curl);
}

void SetMultipart(const std::vector<FormField>& fields, const std::string& file_field,
                  const std::string& file_name, FileRange file, HttpRequest* request) {
  // From the names and the size; a clash with the file's bytes is as likely as one of 128 bits.
  const std::string boundary =
      "idiolect-" + Sha256Hex(file.path.string() + file_name + std::to_string(file.bytes) +
                              std::to_string(file.offset))
                        .substr(0, 32);
  std::string quoted;
  for (const char c : file_name) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      quoted += '_';
    } else {
      quoted += c;
    }
  }
  request->body.clear();
  for (const auto& field : fields) {
    request->body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field.name +
                     "\"\r\n\r\n" + field.value + "\r\n";
  }
  request->body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + file_field +
                   "\"; filename=\"" + quoted +
                   "\"\r\nContent-Type: application/octet-stream\r\n\r\n";
  request->file = std::move(file);
  request->body_end = "\r\n--" + boundary + "--\r\n";
  request->headers.push_back("Content-Type: multipart/form-data; boundary=" + boundary);
}

std::string UrlEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

bool IsLoopbackUrl(std::string_view url) {
  const size_t start = url.find("://");
  if (start == url.npos) return false;
  std::string_view host = url.substr(start + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const size_t at = host.rfind('@'); at != host.npos) return false;
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

}  // namespace idiolect
