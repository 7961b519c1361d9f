#pragma once
// For this module's tests: a server on the loopback that answers as each test says, and a folder
// that is gone afterwards.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace idiolect {

class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "idiolect-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// One connection at a time, one request on each; `answer` gets the request's head and a way to
// send.
class LocalServer {
 public:
  using Send = std::function<bool(std::string_view)>;  // false: the client is gone
  using Answer = std::function<void(const std::string& head, const Send& send)>;

  explicit LocalServer(Answer answer) : answer_(std::move(answer)) {
    setenv("no_proxy", "127.0.0.1", 1);  // a proxy of the machine is not for us
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~LocalServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/model.gguf"; }
  // For the requests from now on.
  void set_answer(Answer answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<std::string> heads() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return heads_;
  }

 private:
  void Serve() {
    for (;;) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      std::string head;
      char block[4096];
      while (head.find("\r\n\r\n") == head.npos) {
        const ssize_t got = recv(client, block, sizeof block, 0);
        if (got <= 0) break;
        head.append(block, static_cast<size_t>(got));
      }
      Answer answer;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        heads_.push_back(head);
        answer = answer_;
      }
      answer(head, [client](std::string_view bytes) {
        while (!bytes.empty()) {
          const ssize_t sent = send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
          if (sent <= 0) return false;
          bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
      });
      close(client);
    }
  }

  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<std::string> heads_;
  std::thread thread_;
};

// Where the request asks to begin: "Range: bytes=100-" gives 100; without one, 0.
inline size_t AskedFrom(const std::string& head) {
  const auto at = head.find("Range: bytes=");
  return at == head.npos ? 0 : std::stoul(head.substr(at + 13));
}

inline std::string Head(std::string_view status, size_t length, std::string_view more = "") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(length) +
         "\r\nConnection: close\r\n" + std::string(more) + "\r\n";
}

// What a well-behaved server answers, ranges included.
inline void AnswerWell(const std::string& content, const std::string& head,
                       const LocalServer::Send& send) {
  const size_t from = AskedFrom(head);
  if (from == 0) {
    send(Head("200 OK", content.size(), "ETag: \"v1\"\r\n") + content);
    return;
  }
  const auto size = std::to_string(content.size());
  send(Head("206 Partial Content", content.size() - from,
            "ETag: \"v1\"\r\nContent-Range: bytes " + std::to_string(from) + "-" +
                std::to_string(content.size() - 1) + "/" + size + "\r\n") +
       content.substr(from));
}

// Bytes that differ everywhere, so that a piece in the wrong place is noticed.
inline std::string SomeBytes(size_t size, uint32_t seed = 1) {
  std::string bytes(size, '\0');
  for (auto& byte : bytes) {
    seed = seed * 1664525u + 1013904223u;
    byte = static_cast<char>(seed >> 24);
  }
  return bytes;
}

}  // namespace idiolect
