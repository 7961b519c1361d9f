#include "providers/download.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "providers/curl_library.h"
#include "providers/disk.h"

namespace idiolect {
namespace {

struct FreeCurl {
  const CurlLibrary* library;
  void operator()(CURL* curl) const { library->easy_cleanup(curl); }
  void operator()(curl_slist* list) const { library->slist_free_all(list); }
};
using Steady = std::chrono::steady_clock;
using CurlHandle = std::unique_ptr<CURL, FreeCurl>;
using CurlList = std::unique_ptr<curl_slist, FreeCurl>;

// What one try ended in, as far as the loop around it must tell.
struct TryEnd {
  enum class Kind { kComplete, kTryAgain, kStartOver, kGiveUp };
  Kind kind = Kind::kTryAgain;
  Error error;
};

// ---- which bytes the part holds -----------------------------------------------------------------

std::filesystem::path OriginPath(const std::filesystem::path& part) {
  return part.string() + ".source";
}

// Two lines: the URL asked for and the ETag answered (may be empty).
struct Origin {
  std::string url;
  std::string etag;
};

Origin ReadOrigin(const std::filesystem::path& part) {
  const auto text = ReadFile(OriginPath(part));
  if (!text) return {};
  const auto lines = SplitLines(*text);
  Origin origin;
  if (!lines.empty()) origin.url = lines[0];
  if (lines.size() > 1) origin.etag = lines[1];
  return origin;
}

// ---- one request --------------------------------------------------------------------------------

// Everything the callbacks of one try need; lives as long as the try.
struct Transfer {
  const DownloadRequest& request;
  Progress& progress;
  const Interrupt& interrupt;
  const CurlLibrary& library;
  CURL* curl = nullptr;
  GrowingFile* file = nullptr;
  uint64_t asked_from = 0;
  std::string known_etag{};
  // Of the last response seen (redirects come before it).
  std::string etag{};
  std::optional<uint64_t> range_start{}, range_total{}, content_length{};
  curl_off_t received = 0;
  Steady::time_point last_arrival = Steady::now();
  bool judged = false;          // the headers were looked at, the body is being taken
  std::optional<TryEnd> end{};  // set where a callback stops the transfer
};

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// "bytes 100-199/200"
void TakeContentRange(std::string_view value, Transfer* transfer) {
  const auto dash = value.find('-'), slash = value.find('/');
  if (!value.starts_with("bytes ") || dash == value.npos || slash == value.npos) return;
  transfer->range_start = Number(value.substr(6, dash - 6));
  transfer->range_total = Number(value.substr(slash + 1));
}

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // a new response begins
    transfer->etag.clear();
    transfer->range_start = transfer->range_total = transfer->content_length = std::nullopt;
    return size;
  }
  const auto colon = line.find(':');
  if (colon == line.npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto value = TrimSpace(line.substr(colon + 1));
  if (name == "etag") transfer->etag = value;
  if (name == "content-range") TakeContentRange(value, transfer);
  if (name == "content-length") transfer->content_length = Number(value);
  return size;
}

std::string Doing(const DownloadRequest& request) {
  return "downloading " + request.what + " from " + request.url;
}

TryEnd OtherFile(const DownloadRequest& request, uint64_t bytes) {
  return {TryEnd::Kind::kGiveUp,
          {ErrorKind::kBadInput,
           Doing(request) + ": the file there has " + std::to_string(bytes) + " bytes instead of " +
               std::to_string(request.bytes),
           ""}};
}

// Looks at the status and headers before the first byte of the body is taken.
std::optional<TryEnd> JudgeHeaders(Transfer* transfer) {
  const auto& request = transfer->request;
  long status = 0;
  transfer->library.easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status == 206) {
    if (transfer->range_total && *transfer->range_total != request.bytes) {
      return OtherFile(request, *transfer->range_total);
    }
    const bool other_version = !transfer->known_etag.empty() && !transfer->etag.empty() &&
                               transfer->known_etag != transfer->etag;
    if (other_version || transfer->range_start != transfer->asked_from) {
      return TryEnd{TryEnd::Kind::kStartOver, {}};
    }
    return std::nullopt;
  }
  if (status == 200) {
    if (transfer->content_length && *transfer->content_length != request.bytes) {
      return OtherFile(request, *transfer->content_length);
    }
    // Either we asked for all of it, or the server does not resume or has a new version.
    if (transfer->file->size() > 0) {
      if (auto cleared = transfer->file->Clear(); !cleared) {
        return TryEnd{TryEnd::Kind::kGiveUp, cleared.error()};
      }
    }
    const auto origin =
        PublishFile(OriginPath(request.part), request.url + "\n" + transfer->etag + "\n");
    if (!origin) return TryEnd{TryEnd::Kind::kGiveUp, origin.error()};
    return std::nullopt;
  }
  // An error page, whose status JudgeStatus reads, or an answer that is none: its body is not
  // wanted.
  return TryEnd{TryEnd::Kind::kTryAgain,
                {ErrorKind::kUnavailable,
                 Doing(request) + ": the server answered " + std::to_string(status), ""}};
}

size_t OnBody(char* data, size_t, size_t size, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  if (!transfer->judged) {
    transfer->judged = true;
    transfer->end = JudgeHeaders(transfer);
    if (transfer->end) return 0;
  }
  const auto& request = transfer->request;
  if (transfer->file->size() + size > request.bytes) {
    transfer->end = OtherFile(request, transfer->file->size() + size);
    return 0;
  }
  if (auto written = transfer->file->Write({data, size}); !written) {
    Error error = written.error();
    if (transfer->file->disk_full()) {
      const auto folder = request.part.parent_path();
      error = DiskFull(request.what, folder, request.bytes - transfer->file->size(),
                       FreeBytes(folder).value_or(0))
                  .value();
    }
    transfer->end = TryEnd{TryEnd::Kind::kGiveUp, std::move(error)};
    return 0;
  }
  transfer->progress.Update(transfer->file->size());
  return size;
}

// Called at least once a second, whether something arrives or not.
int OnTick(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
  auto* transfer = static_cast<Transfer*>(user);
  if (transfer->interrupt.Requested()) return 1;
  const auto now = Steady::now();
  if (received != transfer->received) {
    transfer->received = received;
    transfer->last_arrival = now;
  }
  const auto& request = transfer->request;
  if (now - transfer->last_arrival < std::chrono::seconds(request.stall_timeout_s)) return 0;
  transfer->end = TryEnd{TryEnd::Kind::kTryAgain,
                         {ErrorKind::kUnavailable,
                          Doing(request) + ": nothing arrived for " +
                              std::to_string(request.stall_timeout_s) + " seconds",
                          "run the same command: it goes on from where it stopped"}};
  return 1;
}

CurlList RequestHeaders(const Transfer& transfer) {
  const CurlLibrary& library = transfer.library;
  curl_slist* list = library.slist_append(nullptr, "Accept-Encoding: identity");
  // A server whose file is a new version answers with all of it instead of a piece.
  if (transfer.asked_from > 0 && !transfer.known_etag.empty() &&
      !transfer.known_etag.starts_with("W/")) {
    list = library.slist_append(list, ("If-Range: " + transfer.known_etag).c_str());
  }
  return CurlList(list, FreeCurl{&library});
}

void Configure(const DownloadRequest& request, const char* range, curl_slist* headers,
               char* error_text, Transfer* transfer) {
  CURL* curl = transfer->curl;
  const auto set = [&](CURLoption option, auto value) {
    transfer->library.easy_setopt(curl, option, value);
  };
  const char* protocols = request.transport == Transport::kAllowPlainHttp ? "http,https" : "https";
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, protocols);
  set(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_timeout_s));
  set(CURLOPT_USERAGENT, "idiolect");
  set(CURLOPT_ERRORBUFFER, error_text);
  set(CURLOPT_HTTPHEADER, headers);
  if (range != nullptr) set(CURLOPT_RANGE, range);
  set(CURLOPT_HEADERFUNCTION, OnHeader);
  set(CURLOPT_HEADERDATA, transfer);
  set(CURLOPT_WRITEFUNCTION, OnBody);
  set(CURLOPT_WRITEDATA, transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, OnTick);
  set(CURLOPT_XFERINFODATA, transfer);
}

std::optional<TryEnd> JudgeStatus(const DownloadRequest& request, long status) {
  const auto answered = Doing(request) + ": the server answered " + std::to_string(status);
  if (status == 416) return TryEnd{TryEnd::Kind::kStartOver, {}};
  if (status == 408 || status == 429 || status >= 500) {
    return TryEnd{TryEnd::Kind::kTryAgain, {ErrorKind::kUnavailable, answered, "try again later"}};
  }
  if (status >= 300) {
    return TryEnd{TryEnd::Kind::kGiveUp, {ErrorKind::kNotFound, answered, ""}};
  }
  return std::nullopt;
}

TryEnd TryOnce(const CurlLibrary& library, const DownloadRequest& request, GrowingFile* file,
               Progress& progress, const Interrupt& interrupt) {
  CurlHandle curl(library.easy_init(), FreeCurl{&library});
  if (!curl) return {TryEnd::Kind::kGiveUp, {ErrorKind::kFailed, "starting libcurl failed", ""}};
  Transfer transfer{request, progress, interrupt, library};
  transfer.curl = curl.get();
  transfer.file = file;
  transfer.asked_from = file->size();
  transfer.known_etag = ReadOrigin(request.part).etag;
  const auto range = std::to_string(transfer.asked_from) + "-";
  const auto headers = RequestHeaders(transfer);
  char error_text[CURL_ERROR_SIZE] = "";
  Configure(request, transfer.asked_from > 0 ? range.c_str() : nullptr, headers.get(), error_text,
            &transfer);
  const CURLcode code = library.easy_perform(curl.get());

  if (interrupt.Requested()) {
    return {TryEnd::Kind::kGiveUp,
            {ErrorKind::kInterrupted, Doing(request) + " was interrupted",
             "the same command goes on from there"}};
  }
  long status = 0;
  library.easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (auto end = JudgeStatus(request, status)) return *end;
  if (transfer.end) return *transfer.end;
  if (code == CURLE_OK && file->size() == request.bytes) return {TryEnd::Kind::kComplete, {}};
  const bool hopeless = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
                        code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_TOO_MANY_REDIRECTS;
  std::string why = error_text[0] != '\0' ? error_text : library.easy_strerror(code);
  if (code == CURLE_OK) why = "it ended after " + std::to_string(file->size()) + " bytes";
  return {hopeless ? TryEnd::Kind::kGiveUp : TryEnd::Kind::kTryAgain,
          {ErrorKind::kUnavailable, Doing(request) + ": " + why,
           "check the network (a proxy is taken from https_proxy), then run the same command: it "
           "goes on from where it stopped"}};
}

// ---- around the tries ---------------------------------------------------------------------------

// Sleeps in small steps. False when interrupted.
bool Pause(int milliseconds, const Interrupt& interrupt) {
  const auto until = Steady::now() + std::chrono::milliseconds(milliseconds);
  while (Steady::now() < until) {
    if (interrupt.Requested()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return !interrupt.Requested();
}

Status TryUntilComplete(const DownloadRequest& request, GrowingFile* file, Progress& progress,
                        const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(const CurlLibrary* library, LoadCurl());
  bool started_over = false;
  int delay_ms = request.retry_delay_ms;
  for (int tried = 1; file->size() < request.bytes;) {
    const uint64_t before = file->size();
    auto end = TryOnce(*library, request, file, progress, interrupt);
    switch (end.kind) {
      case TryEnd::Kind::kComplete:
        return {};
      case TryEnd::Kind::kGiveUp:
        return tl::unexpected<Error>(std::move(end.error));
      case TryEnd::Kind::kStartOver:
        if (started_over) {
          return Fail(ErrorKind::kBadInput,
                      Doing(request) + ": the server gives other ranges than asked for");
        }
        started_over = true;
        RETURN_IF_ERROR(file->Clear());
        continue;
      case TryEnd::Kind::kTryAgain:
        break;
    }
    // A try that brought a good piece is no failed one: a long file over a bad line still ends.
    if (file->size() > before + request.bytes / 100) {
      tried = 0;
      delay_ms = request.retry_delay_ms;
    }
    if (++tried > request.tries) return tl::unexpected<Error>(std::move(end.error));
    progress.Warn(end.error.message + "; trying again");
    if (!Pause(delay_ms, interrupt)) {
      return Fail(ErrorKind::kInterrupted, Doing(request) + " was interrupted",
                  "the same command goes on from there");
    }
    delay_ms *= 2;
  }
  return {};
}

}  // namespace

void DiscardPart(const std::filesystem::path& part) {
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  std::filesystem::remove(OriginPath(part), ignored);
}

Status Download(const DownloadRequest& request, Progress& progress, const Interrupt& interrupt) {
  if (ReadOrigin(request.part).url != request.url) DiscardPart(request.part);
  ASSIGN_OR_RETURN(auto file, GrowingFile::Open(request.part, GrowingFile::Start::kAtEnd));
  if (file.size() > request.bytes) RETURN_IF_ERROR(file.Clear());

  progress.Start("downloading " + request.what, request.bytes, "bytes");
  progress.Update(file.size());
  if (auto status = TryUntilComplete(request, &file, progress, interrupt); !status) {
    if (status.error().kind == ErrorKind::kBadInput) DiscardPart(request.part);
    return status;
  }
  RETURN_IF_ERROR(file.Sync());
  ASSIGN_OR_RETURN(const auto sha256, Sha256OfFile(request.part));
  if (sha256 != request.sha256) {
    DiscardPart(request.part);
    return Fail(ErrorKind::kBadInput, Doing(request) + ": its SHA-256 is " + sha256 +
                                          " instead of " + request.sha256 +
                                          "; what was downloaded is deleted");
  }
  progress.Finish();
  return {};
}

}  // namespace idiolect
