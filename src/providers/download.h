#pragma once
// One file over HTTPS to disk: resumed where an earlier try (or process) stopped, never trusted
// before its SHA-256 was checked. Used by the model store.
//
// The bytes grow in `part`; beside it `part`.source remembers which URL and version (ETag) they are
// of, so that bytes of two versions are never joined. Proxies are taken from the environment as
// curl does.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/interrupt.h"
#include "base/progress.h"
#include "base/result.h"

namespace idiolect {

enum class Transport { kHttpsOnly, kAllowPlainHttp };

struct DownloadRequest {
  std::string what;  // for messages: the model's name
  std::string url;
  std::filesystem::path part;
  uint64_t bytes = 0;  // exact size of the whole file
  std::string sha256;
  Transport transport = Transport::kHttpsOnly;
  int tries = 4;
  int retry_delay_ms = 1000;  // doubled after each try
  int connect_timeout_s = 20;
  int stall_timeout_s = 60;  // ends a try in which nothing arrived for so long
};

// On success `part` is the whole file and has the hash. Otherwise:
// kUnavailable  no connection, a stall, a cut or a 5xx answer at the last try: `part` is kept;
// kInterrupted  `part` is kept;
// kNotFound     the server has no such file (404, 410) or does not give it (401, 403);
// kBadInput     other bytes than asked for (size or hash): `part` is deleted;
// kFailed       the disk is full (says how much is needed; `part` is kept) or cannot be written.
Status Download(const DownloadRequest& request, Progress& progress, const Interrupt& interrupt);

// Deletes `part` and what lies beside it.
void DiscardPart(const std::filesystem::path& part);

}  // namespace idiolect
