#include "serve/access.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

int StatusOf(const AccessOptions& options, HttpFields headers) {
  IncomingRequest request;
  request.headers = std::move(headers);
  const auto checked = CheckAccess(options, request, TokenRule::kNeeded);
  return checked ? 200 : checked.error().status;
}

TEST(Access, OnlyThisMachinesNamesAreAnsweredTo) {
  const AccessOptions options{"", "127.0.0.1", {"my.host"}};
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "my.host"}) {
    EXPECT_EQ(StatusOf(options, {{"host", host}}), 200) << host;
  }
  for (const char* host : {"", "evil.example", "localhost.evil.example", "localhost:80:80",
                           "localhost:x", "[::1", "127.0.0.1@evil"}) {
    EXPECT_EQ(StatusOf(options, {{"host", host}}), 403) << host;
  }
  EXPECT_EQ(StatusOf(options, {}), 403);
  EXPECT_EQ(StatusOf(options, {{"host", "localhost"}, {"host", "localhost"}}), 403);
}

TEST(Access, OnlyOurOwnPagesMayAsk) {
  const AccessOptions options{"", "127.0.0.1", {}};
  const auto status = [&](const char* origin) {
    return StatusOf(options, {{"host", "localhost"}, {"origin", origin}});
  };
  EXPECT_EQ(status("http://localhost:8080"), 200);
  EXPECT_EQ(status("http://[::1]:8080"), 200);
  EXPECT_EQ(status("null"), 403);
  EXPECT_EQ(status("https://evil.example"), 403);
  EXPECT_EQ(status("http://localhost:8080.evil.example"), 403);
}

TEST(Access, TheTokenIsAskedForInAnyCaseOfItsScheme) {
  const AccessOptions options{"sécret", "127.0.0.1", {}};
  const auto status = [&](const char* given) {
    return StatusOf(options, {{"host", "localhost"}, {"authorization", given}});
  };
  EXPECT_EQ(status("Bearer sécret"), 200);
  EXPECT_EQ(status("bearer sécret"), 200);
  EXPECT_EQ(status("Bearer sécre"), 401);
  EXPECT_EQ(status("Bearer sécret "), 401);
  EXPECT_EQ(status("Bearer "), 401);
  EXPECT_EQ(status("Basic sécret"), 401);
  EXPECT_EQ(StatusOf(options, {{"host", "localhost"}}), 401);
}

TEST(Access, LoopbackIsKnown) {
  EXPECT_TRUE(IsLoopback("127.0.0.1"));
  EXPECT_TRUE(IsLoopback("::1"));
  EXPECT_FALSE(IsLoopback("0.0.0.0"));
  EXPECT_FALSE(IsLoopback("::"));
}

}  // namespace
}  // namespace idiolect
