#include "serve/http_server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <limits>
#include <list>
#include <thread>

#include "base/log.h"
#include "serve/form_receiver.h"

namespace idiolect {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Seconds = std::chrono::seconds;

constexpr size_t kChunk = 64 << 10;

class Connection;

// What connections share; lives on the network thread.
struct Shared {
  explicit Shared(const HttpServerOptions& given, HttpHandler& handler_given)
      : options(given), handler(handler_given) {}
  const HttpServerOptions options;
  HttpHandler& handler;
  asio::io_context io{1};
  // Those that wait for a request, the longest waiting first.
  std::list<Connection*> waiting;
  std::list<Connection*> all;
  std::atomic<int64_t> count{0};
  bool stopping = false;
};

std::string Head(const HttpResponse& response, const std::string& framing, bool keep_alive) {
  std::string head =
      "HTTP/1.1 " + std::to_string(response.status) + " " + ReasonPhrase(response.status) + "\r\n";
  if (!response.content_type.empty()) head += "Content-Type: " + response.content_type + "\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  head += framing;
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

std::string ChunkOf(const std::string& piece) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return size + piece + "\r\n";
}

// One request of a connection and the answer to it. Held by the connection while it is current and
// by whoever makes the answer.
class Exchange : public HttpExchange, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<Shared> shared, std::weak_ptr<Connection> connection)
      : shared_(std::move(shared)), connection_(std::move(connection)) {}

  IncomingRequest& request() override { return request_; }
  const Interrupt& gone() const override { return gone_; }

  void Send(HttpResponse response) override {
    if (begun_.exchange(true)) return;
    response.headers.emplace_back("Content-Length", std::to_string(response.body.size()));
    std::string bytes = Head(response, "", keep_alive) + response.body;
    Post(std::move(bytes), /*last=*/true, {});
  }
  void SendFile(HttpResponse head, const std::filesystem::path& file) override {
    if (begun_.exchange(true)) return;
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) {
      begun_ = false;
      return Send(shared_->handler.OnBadRequest(500, "the file could not be read"));
    }
    head.headers.emplace_back("Content-Length", std::to_string(size));
    Post(Head(head, "", keep_alive), /*last=*/true, file);
  }
  void Begin(HttpResponse head) override {
    if (begun_.exchange(true)) return;
    streaming_ = true;
    if (!chunked) keep_alive = false;
    Post(Head(head, chunked ? "Transfer-Encoding: chunked\r\n" : "", keep_alive), false, {});
  }
  bool Write(std::string piece) override {
    if (!streaming_ || gone_.Requested()) return false;
    if (piece.empty()) return true;
    if (unread_.load() > shared_->options.most_unread_bytes) {
      Drop();
      return false;
    }
    Post(chunked ? ChunkOf(piece) : std::move(piece), false, {});
    return true;
  }
  void End() override {
    if (!streaming_.exchange(false)) return;
    Post(chunked ? "0\r\n\r\n" : "", true, {});
  }

  ~Exchange() override {
    for (const auto& [name, file] : request_.files) {
      std::error_code ignored;
      if (!file.path.empty()) std::filesystem::remove(file.path, ignored);
    }
  }

  void Wrote(size_t bytes) { unread_ -= static_cast<int64_t>(bytes); }
  void Leave() { gone_.Request(); }

  bool keep_alive = false;  // set before the handler sees the exchange
  bool chunked = true;      // HTTP/1.0 has no chunks: the end of the connection ends the body

 private:
  void Post(std::string bytes, bool last, std::filesystem::path file);
  void Drop();

  const std::shared_ptr<Shared> shared_;
  const std::weak_ptr<Connection> connection_;
  IncomingRequest request_;
  std::atomic<bool> begun_{false}, streaming_{false};
  std::atomic<int64_t> unread_{0};
  Interrupt gone_;
};

// All of it runs on the network thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Shared> shared, Tcp::socket socket)
      : shared_(std::move(shared)), stream_(std::move(socket)) {
    place_ = shared_->all.insert(shared_->all.end(), this);
    ++shared_->count;
  }
  ~Connection() {
    Leave();
    shared_->all.erase(place_);
    if (!closed_) --shared_->count;
  }

  void Start() {
    ErrorCode error;
    stream_.socket().set_option(Tcp::no_delay(true), error);
    const auto peer = stream_.socket().remote_endpoint(error);
    if (!error) peer_ = peer.address().to_string();
    ReadHead(shared_->options.head_seconds);
  }

  void Close() {
    Leave();
    StopWaiting();
    // What is closed holds no file any more and makes room at once, whenever its last read ends.
    if (!closed_) --shared_->count;
    closed_ = true;
    body_timer_.reset();
    keep_.reset();  // the caller holds this connection
    ErrorCode ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  // From an exchange. Only the current one may write.
  void Queue(const Exchange* from, std::string bytes, bool last,
             const std::filesystem::path& file) {
    if (closed_ || current_.get() != from) return;
    if (!bytes.empty()) out_.push_back(std::move(bytes));
    if (!file.empty()) {
      file_.open(file, std::ios::binary);
      if (!file_) return Close();
    }
    if (last) last_queued_ = true;
    if (!writing_) WriteNext();
  }

 private:
  void StopWaiting() {
    if (!waiting_) return;
    shared_->waiting.erase(waiting_place_);
    waiting_ = false;
  }
  void Leave() {
    if (current_) current_->Leave();
  }

  void ReadHead(int seconds) {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_->options.most_head_bytes));
    // Ours is checked with each piece: it depends on the endpoint.
    parser_->body_limit(std::numeric_limits<int64_t>::max());
    waiting_place_ = shared_->waiting.insert(shared_->waiting.end(), this);
    waiting_ = true;
    stream_.expires_after(Seconds(seconds));
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](ErrorCode error, size_t) {
                              self->StopWaiting();
                              self->OnHead(error);
                            });
  }

  void NewExchange() {
    current_ = std::make_shared<Exchange>(shared_, weak_from_this());
    keep_ = shared_from_this();
  }

  void OnHead(ErrorCode error) {
    if (closed_) return;
    if (error == http::error::header_limit)
      return Refuse(431, "the request's headers are too long");
    if (error == beast::error::timeout || error == http::error::end_of_stream ||
        error == asio::error::eof || error == asio::error::connection_reset ||
        error == asio::error::operation_aborted || error == http::error::partial_message) {
      return Close();
    }
    if (error) return Refuse(400, "the request is not HTTP/1.1");
    const auto& message = parser_->get();
    NewExchange();
    current_->chunked = message.version() >= 11;
    current_->keep_alive = message.keep_alive();
    IncomingRequest& request = current_->request();
    request.method = std::string(message.method_string());
    request.peer = peer_;
    for (const auto& field : message) {
      std::string name(field.name_string());
      for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      }
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    const std::string target(message.target());
    if (!ParseTarget(target, &request)) return Refuse(400, "the request's address is malformed");

    plan_ = shared_->handler.OnHead(request);
    const bool has_body =
        message.chunked() || (message.has_content_length() && *parser_->content_length() > 0);
    if (plan_.refusal) {
      // What is left of the request would be read as the next one.
      if (has_body) current_->keep_alive = false;
      return Answer(*std::move(plan_.refusal));
    }
    received_ = 0;
    if (!has_body) return Handle();
    if (plan_.kind == BodyKind::kNone) plan_.limit = 0;
    if (message.has_content_length() &&
        *parser_->content_length() > static_cast<uint64_t>(plan_.limit)) {
      return Refuse(413, plan_.too_large_message);
    }
    if (plan_.kind == BodyKind::kForm) {
      auto receiver =
          FormReceiver::Create(std::string(request.Header("content-type")), plan_.folder, &request);
      if (!receiver) return Refuse(400, receiver.error().message);
      receiver_ = *std::move(receiver);
    }
    if (beast::iequals(message[http::field::expect], "100-continue")) {
      auto go = std::make_shared<std::string>("HTTP/1.1 100 Continue\r\n\r\n");
      stream_.expires_after(Seconds(shared_->options.write_seconds));
      asio::async_write(stream_, asio::buffer(*go),
                        [self = shared_from_this(), go](ErrorCode failed, size_t) {
                          if (failed) return self->Close();
                          self->ReadBody();
                        });
      return;
    }
    ReadBody();
  }

  void ReadBody() {
    if (closed_) return;
    chunk_.resize(kChunk);
    parser_->get().body().data = chunk_.data();
    parser_->get().body().size = chunk_.size();
    parser_->get().body().more = true;
    // A deadline of the stream itself would close it, and the client would not hear why.
    stream_.expires_never();
    body_late_ = false;
    body_timer_.emplace(shared_->io, Seconds(shared_->options.body_seconds));
    body_timer_->async_wait([self = shared_from_this(), piece = ++body_piece_](ErrorCode error) {
      // It may have expired while its piece was already on its way here.
      if (error || !self->body_timer_ || self->body_piece_ != piece) return;
      self->body_late_ = true;
      self->stream_.cancel();
    });
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](ErrorCode error, size_t) { self->OnBody(error); });
  }

  void OnBody(ErrorCode error) {
    if (closed_) return;
    body_timer_.reset();
    if (error == http::error::need_buffer) error = {};
    if (error && body_late_) return Refuse(408, "the request's body came too slowly");
    if (error) return Close();
    const size_t got = chunk_.size() - parser_->get().body().size;
    received_ += static_cast<int64_t>(got);
    if (received_ > plan_.limit) return Refuse(413, plan_.too_large_message);
    const std::string_view bytes(chunk_.data(), got);
    if (receiver_) {
      if (auto status = receiver_->Add(bytes); !status) return RefuseForm(status.error());
    } else {
      current_->request().body += bytes;
    }
    if (!parser_->is_done()) return ReadBody();
    if (receiver_) {
      if (auto status = receiver_->Finish(); !status) return RefuseForm(status.error());
      receiver_.reset();
    }
    Handle();
  }

  void Handle() {
    chunk_.clear();
    chunk_.shrink_to_fit();
    stream_.expires_never();
    WatchForClosing();
    shared_->handler.OnRequest(current_);
  }

  // Learns of a client that goes away while its answer is being made. Bytes of a next request end
  // the watch and stay unread.
  void WatchForClosing() {
    watching_ = true;
    stream_.socket().async_wait(
        Tcp::socket::wait_read,
        [self = shared_from_this(), exchange = std::weak_ptr<Exchange>(current_)](ErrorCode error) {
          const auto current = exchange.lock();
          if (current == nullptr || self->current_ != current) return;
          self->watching_ = false;
          if (error || self->closed_) return;
          char byte;
          const ssize_t got =
              ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
          if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) self->Close();
        });
  }

  void RefuseForm(const Error& error) {
    if (error.kind == ErrorKind::kBadInput) return Refuse(400, error.message);
    Log(LogLevel::kError, "receiving an upload failed");
    Refuse(500, "the upload could not be kept: " + error.message);
  }
  // The answer to a request that cannot be read to its end.
  void Refuse(int status, const std::string& message) {
    if (!current_) NewExchange();
    current_->keep_alive = false;
    Answer(shared_->handler.OnBadRequest(status, message));
  }
  void Answer(HttpResponse response) {
    receiver_.reset();
    current_->Send(std::move(response));
  }

  void WriteNext() {
    if (out_.empty() && file_.is_open()) {
      std::string piece(kChunk, '\0');
      file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      piece.resize(static_cast<size_t>(file_.gcount()));
      if (piece.size() < kChunk) file_.close();
      if (!piece.empty()) out_.push_back(std::move(piece));
    }
    if (out_.empty()) {
      writing_ = false;
      if (last_queued_) Finish();
      return;
    }
    writing_ = true;
    stream_.expires_after(Seconds(shared_->options.write_seconds));
    asio::async_write(stream_, asio::buffer(out_.front()),
                      [self = shared_from_this()](ErrorCode error, size_t) {
                        if (self->closed_) return;
                        if (error) return self->Close();
                        if (self->current_) self->current_->Wrote(self->out_.front().size());
                        self->out_.pop_front();
                        // Without a deadline the next write sets its own.
                        self->stream_.expires_never();
                        self->WriteNext();
                      });
  }

  void Finish() {
    const bool keep_alive = current_->keep_alive && !shared_->stopping;
    current_.reset();
    keep_.reset();
    last_queued_ = false;
    if (!keep_alive) return CloseGently();
    if (watching_) {
      ErrorCode ignored;
      stream_.socket().cancel(ignored);
      watching_ = false;
    }
    ReadHead(shared_->options.idle_seconds);
  }

  // The client may still be sending what was refused; closing at once would take the answer from
  // it with a reset. It gets a moment to read.
  void CloseGently() {
    ErrorCode ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    chunk_.resize(kChunk);
    drained_ = 0;
    stream_.expires_after(Seconds(2));
    Drain();
  }
  void Drain() {
    stream_.async_read_some(asio::buffer(chunk_.data(), chunk_.size()),
                            [self = shared_from_this()](ErrorCode error, size_t got) {
                              if (self->closed_) return;
                              self->drained_ += got;
                              if (error || self->drained_ > (64u << 20)) return self->Close();
                              self->Drain();
                            });
  }

  const std::shared_ptr<Shared> shared_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::buffer_body>> parser_;
  std::string chunk_, peer_;
  BodyPlan plan_;
  int64_t received_ = 0;
  size_t drained_ = 0;
  std::unique_ptr<FormReceiver> receiver_;
  std::shared_ptr<Exchange> current_;
  std::shared_ptr<Connection> keep_;  // while an answer is being made and nothing else may hold it
  std::deque<std::string> out_;
  std::ifstream file_;
  std::optional<asio::steady_timer> body_timer_;  // while a body is being read
  int64_t body_piece_ = 0;
  bool body_late_ = false;
  bool writing_ = false, last_queued_ = false, closed_ = false, waiting_ = false, watching_ = false;
  std::list<Connection*>::iterator place_, waiting_place_;
};

void Exchange::Post(std::string bytes, bool last, std::filesystem::path file) {
  unread_ += static_cast<int64_t>(bytes.size());
  asio::post(shared_->io, [self = shared_from_this(), bytes = std::move(bytes), last,
                           file = std::move(file)]() mutable {
    if (auto connection = self->connection_.lock()) {
      connection->Queue(self.get(), std::move(bytes), last, file);
    }
  });
}

void Exchange::Drop() {
  gone_.Request();
  asio::post(shared_->io, [self = shared_from_this()] {
    if (auto connection = self->connection_.lock()) connection->Close();
  });
}

// As many open files as the system lets us have; how many that is.
int64_t RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur > 1'000'000 ? 1'000'000 : static_cast<int64_t>(limit.rlim_cur);
}

class BeastServer : public HttpServer {
 public:
  BeastServer(const HttpServerOptions& options, HttpHandler& handler)
      : shared_(std::make_shared<Shared>(options, handler)),
        acceptor_(shared_->io),
        retry_(shared_->io) {}

  ~BeastServer() override {
    if (!thread_.joinable()) return;
    asio::post(shared_->io, [this] {
      shared_->stopping = true;
      ErrorCode ignored;
      acceptor_.close(ignored);
      retry_.cancel();
      const std::vector<Connection*> open(shared_->all.begin(), shared_->all.end());
      std::vector<std::shared_ptr<Connection>> held;
      for (Connection* connection : open) held.push_back(connection->shared_from_this());
      for (const auto& connection : held) connection->Close();
    });
    thread_.join();
  }

  Status Listen() {
    const HttpServerOptions& options = shared_->options;
    const std::string where = options.address + ":" + std::to_string(options.port);
    ErrorCode error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) {
      return Fail(ErrorKind::kMisuse, "listening on " + where + ": not a numeric address",
                  "give an address such as 127.0.0.1 or ::1");
    }
    const Tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(4096, error);
    if (error) {
      return Fail(ErrorKind::kFailed, "listening on " + where + ": " + error.message(),
                  "choose another --port, or end the program that has this one");
    }
    port_ = acceptor_.local_endpoint(error).port();
    // Some files stay for the database, models and logs.
    most_ = std::max<int64_t>(16, std::min(options.most_connections, RaiseFileLimit() - 64));
    Accept();
    thread_ = std::thread([this] { shared_->io.run(); });
    return {};
  }

  uint16_t port() const override { return port_; }
  int64_t connections() const override { return shared_->count; }

 private:
  void Accept() {
    acceptor_.async_accept([this](ErrorCode error, Tcp::socket socket) {
      if (shared_->stopping || error == asio::error::operation_aborted) return;
      if (error) {
        // Out of files or memory: what holds them is let go first.
        DropLongestWaiting();
        retry_.expires_after(std::chrono::milliseconds(50));
        retry_.async_wait([this](ErrorCode cancelled) {
          if (!cancelled && !shared_->stopping) Accept();
        });
        return;
      }
      if (shared_->count >= most_) DropLongestWaiting();
      if (shared_->count < most_) {
        std::make_shared<Connection>(shared_, std::move(socket))->Start();
      }
      Accept();
    });
  }
  void DropLongestWaiting() {
    if (shared_->waiting.empty()) return;
    const auto connection = shared_->waiting.front()->shared_from_this();
    connection->Close();
    // Its read ends on the next turn of the loop and lets go of it then.
  }

  const std::shared_ptr<Shared> shared_;
  Tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::thread thread_;
  uint16_t port_ = 0;
  int64_t most_ = 0;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                      HttpHandler& handler) {
  auto server = std::make_unique<BeastServer>(options, handler);
  RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace idiolect
