#include "providers/google_token.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/file.h"
#include "base/signature.h"
#include "base/text.h"
#include "providers/api_call.h"
#include "providers/subprocess.h"

namespace idiolect {
namespace {

constexpr char kScope[] = "https://www.googleapis.com/auth/cloud-platform";
constexpr int64_t kLife = 3600;

// What a program prints, through memory: a token must not lie in a file.
Result<std::string> OutputOf(const std::vector<std::string>& arguments,
                             const Interrupt& interrupt) {
  const int fd = ::memfd_create("idiolect", 0);
  if (fd < 0) return Fail(ErrorKind::kFailed, "making room for a program's output failed");
  ProgramRun run;
  run.arguments = arguments;
  run.output = "/proc/self/fd/" + std::to_string(fd);
  const auto status = RunProgram(run, interrupt, [] {});
  std::string text(65536, '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  ::close(fd);
  if (!status) return tl::unexpected<Error>(status.error());
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (*status != 0) {
    return Fail(ErrorKind::kFailed, arguments[0] + " ended with status " + std::to_string(*status),
                "sign in: gcloud auth login");
  }
  return text;
}

}  // namespace

Result<ServiceAccountAssertion> MakeAssertion(const std::string& key_file_text, int64_t now) {
  const Json key = Json::parse(key_file_text, nullptr, /*allow_exceptions=*/false);
  const std::string email = TextOf(key, "client_email"), pem = TextOf(key, "private_key");
  ServiceAccountAssertion made;
  made.token_uri = TextOf(key, "token_uri");
  if (made.token_uri.empty()) made.token_uri = "https://oauth2.googleapis.com/token";
  if (TextOf(key, "type") != "service_account" || email.empty() || pem.empty()) {
    return Fail(ErrorKind::kBadInput, "the credentials file is not a service account's key",
                "make one in the Google Cloud console: IAM, Service accounts, Keys");
  }
  const Json header = {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", TextOf(key, "private_key_id")}};
  const Json claims = {{"iss", email},
                       {"scope", kScope},
                       {"aud", made.token_uri},
                       {"iat", now},
                       {"exp", now + kLife}};
  const auto dump = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  const std::string signed_part = ToBase64Url(dump(header)) + "." + ToBase64Url(dump(claims));
  ASSIGN_OR_RETURN(const auto signature, SignRs256(pem, signed_part));
  made.assertion = signed_part + "." + ToBase64Url(signature);
  return made;
}

Result<std::string> GoogleToken::Get() {
  if (!given_.empty()) return given_;
  if (!token_.empty() && clock_.UnixSeconds() < ends_at_ - 60) return token_;
  const char* key_file = std::getenv("GOOGLE_APPLICATION_CREDENTIALS");
  if (key_file != nullptr && *key_file != '\0') {
    RETURN_IF_ERROR(FromServiceAccount(key_file));
  } else {
    RETURN_IF_ERROR(FromGcloud());
  }
  return token_;
}

Status GoogleToken::FromServiceAccount(const std::string& key_file) {
  ASSIGN_OR_RETURN(const auto text, ReadFile(key_file));
  const int64_t now = clock_.UnixSeconds();
  ASSIGN_OR_RETURN(const auto made, MakeAssertion(text, now));
  HttpRequest request;
  request.method = "POST";
  request.url = made.token_uri;
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  request.body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                 made.assertion;
  HttpRetry retry(http_, {}, static_cast<uint64_t>(now));
  const HttpAnswer answer = retry.Send(request, Repeat::kAlways, interrupt_);
  if (answer.error) return tl::unexpected<Error>(*answer.error);
  const Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  token_ = TextOf(json, "access_token");
  if (!answer.Ok() || token_.empty()) {
    return Fail(ErrorKind::kFailed,
                "Google gave no access token for the service account (" +
                    std::to_string(answer.status) + " " + TextOf(json, "error") + ")",
                "is the key revoked, or the clock wrong?");
  }
  const int64_t life = IntegerOf(json, "expires_in");
  ends_at_ = now + (life > 0 ? life : kLife);
  return {};
}

Status GoogleToken::FromGcloud() {
  auto printed = OutputOf({"gcloud", "auth", "print-access-token"}, interrupt_);
  if (!printed && printed.error().kind == ErrorKind::kNotFound) {
    return Fail(ErrorKind::kMisuse, "there is no way to prove who you are to Google Cloud",
                "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or install "
                "gcloud and sign in: gcloud auth login");
  }
  if (!printed) return tl::unexpected<Error>(printed.error());
  // Warnings may stand before it.
  token_.clear();
  for (const std::string_view line : SplitLines(*printed)) {
    const auto word = TrimSpace(line);
    if (!word.empty() && word.find(' ') == word.npos) token_ = word;
  }
  if (token_.empty()) {
    return Fail(ErrorKind::kFailed, "gcloud printed no access token", "sign in: gcloud auth login");
  }
  ends_at_ = clock_.UnixSeconds() + 1800;
  return {};
}

}  // namespace idiolect
