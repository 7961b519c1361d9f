#pragma once
// Access tokens for Google Cloud: from the environment or .env (GOOGLE_ACCESS_TOKEN), from a
// service account's key file (GOOGLE_APPLICATION_CREDENTIALS; RFC 7523 with RS256), else from the
// `gcloud` program. Kept in memory alone and renewed a minute before they end.

#include <string>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "providers/http.h"

namespace idiolect {

// The signed assertion that a service account's key file (its JSON text) makes at `now`, and where
// it is to be exchanged. kBadInput when the text is no such file; nothing of it is in the message.
struct ServiceAccountAssertion {
  std::string assertion, token_uri;
};
Result<ServiceAccountAssertion> MakeAssertion(const std::string& key_file_text, int64_t now);

class GoogleToken {
 public:
  // `given`: a token found by the caller, used as it is; empty: the other two ways.
  GoogleToken(std::string given, HttpClient& http, const Clock& clock, const Interrupt& interrupt)
      : given_(std::move(given)), http_(http), clock_(clock), interrupt_(interrupt) {}
  Result<std::string> Get();

 private:
  Status FromServiceAccount(const std::string& key_file);
  Status FromGcloud();

  std::string given_, token_;
  int64_t ends_at_ = 0;
  HttpClient& http_;
  const Clock& clock_;
  const Interrupt& interrupt_;
};

}  // namespace idiolect
