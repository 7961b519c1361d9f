// The network side alone, with clients that are slow, silent, many or deaf.
#include "serve/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <utility>
#include <vector>

namespace idiolect {
namespace {

// Answers "/" at once; the answer to "/stream" is left to the test.
class TestHandler : public HttpHandler {
 public:
  BodyPlan OnHead(const IncomingRequest&) override {
    BodyPlan plan;
    plan.kind = BodyKind::kMemory;
    plan.limit = 1 << 20;
    return plan;
  }
  void OnRequest(std::shared_ptr<HttpExchange> exchange) override {
    if (exchange->request().path == "/stream") return asked_.set_value(std::move(exchange));
    HttpResponse response;
    response.body = "hello";
    exchange->Send(std::move(response));
  }
  HttpResponse OnBadRequest(int status, const std::string& message) override {
    HttpResponse response;
    response.status = status;
    response.body = message;
    return response;
  }
  // Waits for the request.
  std::shared_ptr<HttpExchange> Stream() { return asked_.get_future().get(); }

 private:
  std::promise<std::shared_ptr<HttpExchange>> asked_;
};

class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Client& operator=(Client&&) = delete;
  ~Client() {
    if (fd_ >= 0) ::close(fd_);
  }
  void Send(const std::string& bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Everything until the server closes; waits for as long as it takes.
  std::string ReadToEnd() const {
    std::string all;
    char bytes[4096];
    for (ssize_t got; (got = ::recv(fd_, bytes, sizeof bytes, 0)) > 0;) {
      all.append(bytes, static_cast<size_t>(got));
    }
    return all;
  }

 private:
  int fd_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start() {
    options_.port = 0;
    auto server = HttpServer::Start(options_, handler_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  HttpServerOptions options_;
  TestHandler handler_;  // outlives the server
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, WhoIsSlowWithTheHeadIsDropped) {
  options_.head_seconds = 1;
  Start();
  const Client slow(server_->port());
  slow.Send("GET / HTTP/1.1\r\nHost: local");
  EXPECT_EQ(slow.ReadToEnd(), "");
}

TEST_F(HttpServerTest, WhoSaysNothingAfterAnAnswerIsDropped) {
  options_.idle_seconds = 1;
  Start();
  const Client idle(server_->port());
  idle.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string answer = idle.ReadToEnd();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  EXPECT_TRUE(answer.ends_with("hello")) << answer;
}

TEST_F(HttpServerTest, WhoIsSlowWithTheBodyHearsIt) {
  options_.body_seconds = 1;
  Start();
  const Client slow(server_->port());
  slow.Send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(slow.ReadToEnd().starts_with("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, WhoDoesNotReadTheStreamIsDropped) {
  options_.most_unread_bytes = 1 << 20;
  Start();
  const Client deaf(server_->port(), 4096);
  deaf.Send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto exchange = handler_.Stream();
  exchange->Begin({});
  int64_t written = 0;
  while (exchange->Write(std::string(64 << 10, 'x'))) written += 64 << 10;
  EXPECT_TRUE(exchange->gone().Requested());
  // Ours, and what the system's own buffers take.
  EXPECT_LT(written, 64 << 20);
}

TEST_F(HttpServerTest, WhoIsSilentLongestMakesRoomForWhoAsks) {
  options_.most_connections = 16;
  Start();
  std::vector<Client> silent;
  for (int i = 0; i < 40; ++i) {
    silent.emplace_back(server_->port());
    silent.back().Send("GET / HTTP/1.1\r\n");
  }
  const Client asks(server_->port());
  asks.Send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(asks.ReadToEnd().ends_with("hello"));
  EXPECT_EQ(silent.front().ReadToEnd(), "");
  EXPECT_LE(server_->connections(), 16);
}

}  // namespace
}  // namespace idiolect
