#include "providers/download.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "providers/local_server_test.h"

namespace idiolect {
namespace {

class DownloadTest : public testing::Test {
 protected:
  DownloadRequest Request(const std::string& url) const {
    DownloadRequest request;
    request.what = "tiny";
    request.url = url;
    request.part = folder_ / "tiny.part";
    request.bytes = content_.size();
    request.sha256 = Sha256Hex(content_);
    request.transport = Transport::kAllowPlainHttp;
    request.tries = 2;
    request.retry_delay_ms = 1;
    return request;
  }
  std::string Part() const { return ReadFile(folder_ / "tiny.part").value_or("(none)"); }

  TestFolder folder_;
  const std::string content_ = SomeBytes(300'000);
  NoProgress progress_;
  Interrupt interrupt_;
};

TEST_F(DownloadTest, GetsAWholeFile) {
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(Part(), content_);
}

TEST_F(DownloadTest, GoesOnWhereTheLineBroke) {
  LocalServer server([&](const auto& head, const auto& send) {
    if (AskedFrom(head) > 0) return AnswerWell(content_, head, send);
    send(Head("200 OK", content_.size(), "ETag: \"v1\"\r\n") + content_.substr(0, 100'000));
  });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(Part(), content_);
  ASSERT_EQ(server.heads().size(), 2u);
  EXPECT_NE(server.heads()[1].find("Range: bytes=100000-"), std::string::npos);
  EXPECT_NE(server.heads()[1].find("If-Range: \"v1\""), std::string::npos);
}

TEST_F(DownloadTest, GoesOnWhereAnEarlierProcessStopped) {
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part", content_.substr(0, 1000)));
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part.source", server.Url() + "\n\"v1\"\n"));
  ASSERT_TRUE(Download(Request(server.Url()), progress_, interrupt_));
  EXPECT_EQ(Part(), content_);
  EXPECT_NE(server.heads()[0].find("Range: bytes=1000-"), std::string::npos);
}

TEST_F(DownloadTest, BytesOfAnotherUrlAreNotJoined) {
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part", std::string(1000, 'x')));
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part.source", "http://127.0.0.1/other\n\n"));
  ASSERT_TRUE(Download(Request(server.Url()), progress_, interrupt_));
  EXPECT_EQ(Part(), content_);
}

TEST_F(DownloadTest, StartsOverWhenTheServerHasAnotherVersion) {
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part", std::string(1000, 'x')));
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part.source", server.Url() + "\n\"v0\"\n"));
  ASSERT_TRUE(Download(Request(server.Url()), progress_, interrupt_));
  EXPECT_EQ(Part(), content_);
}

TEST_F(DownloadTest, StartsOverWhenTheServerDoesNotResume) {
  LocalServer server(
      [&](const auto&, const auto& send) { send(Head("200 OK", content_.size()) + content_); });
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part", content_.substr(0, 1000)));
  ASSERT_TRUE(PublishFile(folder_ / "tiny.part.source", server.Url() + "\n\n"));
  ASSERT_TRUE(Download(Request(server.Url()), progress_, interrupt_));
  EXPECT_EQ(Part(), content_);
}

TEST_F(DownloadTest, NoSuchFile) {
  LocalServer server(
      [](const auto&, const auto& send) { send(Head("404 Not Found", 4) + "none"); });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(status.error().message,
            "downloading tiny from " + server.Url() + ": the server answered 404");
  EXPECT_EQ(server.heads().size(), 1u);
}

TEST_F(DownloadTest, TriesAgainWhenTheServerIsBusy) {
  std::atomic<int> calls{0};
  LocalServer server([&](const auto& head, const auto& send) {
    if (calls++ == 0) {
      send(Head("503 Service Unavailable", 0));
    } else {
      AnswerWell(content_, head, send);
    }
  });
  ASSERT_TRUE(Download(Request(server.Url()), progress_, interrupt_));
  EXPECT_EQ(Part(), content_);
}

TEST_F(DownloadTest, AFileThatAlwaysEndsEarlyIsUnavailableAndKept) {
  LocalServer server([&](const auto& head, const auto& send) {
    if (AskedFrom(head) > 0) return;  // cut before a word
    send(Head("200 OK", content_.size()) + content_.substr(0, 5000));
  });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(Part(), content_.substr(0, 5000));
}

TEST_F(DownloadTest, OtherBytesAreDeleted) {
  const auto other = SomeBytes(content_.size(), 2);
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(other, head, send); });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(status.error().message, "downloading tiny from " + server.Url() + ": its SHA-256 is " +
                                        Sha256Hex(other) + " instead of " + Sha256Hex(content_) +
                                        "; what was downloaded is deleted");
  EXPECT_FALSE(Exists(folder_ / "tiny.part"));
  EXPECT_FALSE(Exists(folder_ / "tiny.part.source"));
}

TEST_F(DownloadTest, AnotherSizeIsRefusedBeforeTheBytesCome) {
  std::atomic<size_t> sent{0};
  LocalServer server([&](const auto&, const auto& send) {
    send(Head("200 OK", 1'000'000'000));
    while (send(content_)) sent += content_.size();
  });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(status.error().message, "downloading tiny from " + server.Url() +
                                        ": the file there has 1000000000 bytes instead of 300000");
  EXPECT_LT(sent, 100'000'000u);
}

TEST_F(DownloadTest, ABodyWithoutALengthCannotGrowBeyondTheFile) {
  LocalServer server([&](const auto&, const auto& send) {
    send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (send(content_)) {
    }
  });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kBadInput);
  EXPECT_FALSE(Exists(folder_ / "tiny.part"));
}

TEST_F(DownloadTest, NoNetwork) {
  std::string url;
  {
    LocalServer server([](const auto&, const auto&) {});
    url = server.Url();  // closed by the time it is asked
  }
  const auto status = Download(Request(url), progress_, interrupt_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(status.error().message.starts_with("downloading tiny from " + url + ": "));
  EXPECT_NE(status.error().hint.find("check the network"), std::string::npos);
}

TEST_F(DownloadTest, PlainHttpIsRefusedUnlessAllowed) {
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  auto request = Request(server.Url());
  request.transport = Transport::kHttpsOnly;
  EXPECT_FALSE(Download(request, progress_, interrupt_));
  EXPECT_TRUE(server.heads().empty());
}

TEST_F(DownloadTest, ASilentServerIsGivenUp) {
  std::atomic<bool> done{false};
  LocalServer server([&](const auto&, const auto& send) {
    send(Head("200 OK", content_.size()) + content_.substr(0, 2000));
    while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  auto request = Request(server.Url());
  request.stall_timeout_s = 1;
  request.tries = 1;
  const auto status = Download(request, progress_, interrupt_);
  done = true;
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(status.error().message,
            "downloading tiny from " + server.Url() + ": nothing arrived for 1 seconds");
  EXPECT_EQ(Part(), content_.substr(0, 2000));
}

TEST_F(DownloadTest, AnInterruptEndsASlowDownloadAndKeepsThePart) {
  std::atomic<bool> done{false};
  LocalServer server([&](const auto&, const auto& send) {
    send(Head("200 OK", content_.size()) + content_.substr(0, 2000));
    interrupt_.Request();
    while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  done = true;
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kInterrupted);
  EXPECT_LE(Part().size(), 2000u);
}

// The file size limit stands for a full disk: writing fails half-way with what was written kept.
TEST_F(DownloadTest, AFullDiskIsSaidWithWhatIsNeeded) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 65'536;
  LocalServer server([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto status = Download(Request(server.Url()), progress_, interrupt_);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kFailed);
  EXPECT_TRUE(status.error().message.starts_with("storing tiny in " + folder_.path().string() +
                                                 ": the disk is full: 234.5 kB more are needed, "))
      << status.error().message;
  EXPECT_EQ(Part().size(), 65'536u);

  // And with room again it goes on from there.
  ASSERT_TRUE(Download(Request(server.Url()), progress_, interrupt_));
  EXPECT_EQ(Part(), content_);
}

}  // namespace
}  // namespace idiolect
