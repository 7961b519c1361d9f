#include "serve/server.h"

#include <exception>

#include "base/file.h"
#include "base/log.h"
#include "serve/files_api.h"
#include "serve/ids.h"
#include "serve/routes.h"

namespace idiolect {
namespace {

constexpr size_t kApiThreads = 4;
constexpr size_t kMostWaitingCalls = 4096;

// Counts the answer and gives it the headers all have.
class CountedExchange : public HttpExchange {
 public:
  CountedExchange(std::shared_ptr<HttpExchange> inner, Metrics& metrics, std::string route)
      : inner_(std::move(inner)), metrics_(metrics), route_(std::move(route)) {}

  IncomingRequest& request() override { return inner_->request(); }
  void Send(HttpResponse response) override {
    Adorn(&response);
    inner_->Send(std::move(response));
  }
  void SendFile(HttpResponse head, const std::filesystem::path& file) override {
    Adorn(&head);
    inner_->SendFile(std::move(head), file);
  }
  void Begin(HttpResponse head) override {
    Adorn(&head);
    inner_->Begin(std::move(head));
  }
  bool Write(std::string piece) override { return inner_->Write(std::move(piece)); }
  void End() override { inner_->End(); }
  const Interrupt& gone() const override { return inner_->gone(); }

 private:
  void Adorn(HttpResponse* response) {
    metrics_.CountRequest(route_, response->status);
    response->headers.emplace_back("x-request-id", "req_" + RandomId(24));
    response->headers.emplace_back("Cache-Control", "no-store");
    response->headers.emplace_back("X-Content-Type-Options", "nosniff");
  }
  const std::shared_ptr<HttpExchange> inner_;
  Metrics& metrics_;
  const std::string route_;
};

class ServerImpl : public Server, public HttpHandler {
 public:
  ServerImpl(std::unique_ptr<Workspace> workspace, const ServerOptions& options, ModelHost& models,
             const ModelStore& store, const Clock& clock)
      : training_(service_, options.trainer),
        answers_(static_cast<size_t>(options.service.parallel_answers),
                 static_cast<size_t>(options.service.waiting_answers)),
        calls_(kApiThreads, kMostWaitingCalls) {
    service_.options = options.service;
    service_.options.access.address = options.http.address;
    service_.clock = &clock;
    service_.models = &models;
    service_.store = &store;
    service_.training = &training_;
    service_.answers = &answers_;
    service_.started_at = clock.UnixSeconds();
    files_folder_ = workspace->files_folder();
    service_.workspace = std::move(workspace);
  }
  ~ServerImpl() override {
    // Connections first: that ends what answers wait for.
    listening_ = nullptr;
    http_.reset();
  }

  Status Begin(const HttpServerOptions& options) {
    RETURN_IF_ERROR(MakeFolders(files_folder_));
    RETURN_IF_ERROR(
        SweepFiles(*service_.workspace, service_.clock->UnixSeconds(), SweepLeftovers::kYes));
    service_.connections = [this] {
      const HttpServer* http = listening_.load();
      return http == nullptr ? 0 : http->connections();
    };
    ASSIGN_OR_RETURN(http_, HttpServer::Start(options, *this));
    listening_ = http_.get();
    training_.Start();
    return {};
  }

  uint16_t port() const override { return http_->port(); }
  void Tidy() override {
    const auto status = service_.WithWorkspace([&](Workspace& workspace) {
      return SweepFiles(workspace, service_.clock->UnixSeconds(), SweepLeftovers::kNo);
    });
    if (!status) Log(LogLevel::kWarn, "removing expired files failed: " + status.error().message);
  }

  BodyPlan OnHead(const IncomingRequest& request) override {
    BodyPlan plan;
    const RouteMatch match = FindRoute(request.method, request.segments);
    const TokenRule rule = match.route == nullptr ? TokenRule::kNeeded : match.route->token;
    if (auto allowed = CheckAccess(service_.options.access, request, rule); !allowed) {
      plan.refusal = Counted(allowed.error(), match);
      return plan;
    }
    if (match.route == nullptr) {
      ApiError error = Refuse(match.methods.empty() ? 404 : 405,
                              (match.methods.empty() ? "Invalid URL (" : "Not allowed here (") +
                                  request.method + " " + request.path + ")")
                           .value();
      plan.refusal = Counted(error, match);
      if (!match.methods.empty()) plan.refusal->headers.emplace_back("Allow", match.methods);
      return plan;
    }
    const ServiceOptions& options = service_.options;
    plan.kind = match.route->body;
    const bool part = std::string_view(match.route->pattern).ends_with("/parts");
    // A form's own lines take some room beside its file.
    plan.limit = plan.kind == BodyKind::kForm
                     ? (part ? options.most_part_bytes : options.most_file_bytes) + (64 << 10)
                 : plan.kind == BodyKind::kMemory ? options.most_body_bytes
                                                  : 0;
    plan.too_large_message = "The request's body is larger than the " + std::to_string(plan.limit) +
                             " bytes allowed here.";
    plan.folder = files_folder_;
    return plan;
  }

  void OnRequest(std::shared_ptr<HttpExchange> plain) override {
    const RouteMatch match = FindRoute(plain->request().method, plain->request().segments);
    const Route* route = match.route;
    auto exchange = std::make_shared<CountedExchange>(plain, service_.metrics, route->pattern);
    const bool taken = calls_.Add([this, exchange, route] {
      // The last catch: an exception here is a bug of ours, not of the client's.
      try {
        Call(*route, exchange);
      } catch (const std::exception& e) {
        LogBug("the server", e);
        exchange->Send(ErrorResponse(Refuse(500, "The server had an error.").value()));
      }
    });
    if (!taken) {
      exchange->Send(ErrorResponse(
          Refuse(429, "Too many requests wait. Try again in a moment.", "", "server_busy")
              .value()));
    }
  }

  HttpResponse OnBadRequest(int status, const std::string& message) override {
    return Counted(Refuse(status, message).value(), {});
  }

 private:
  void Call(const Route& route, const std::shared_ptr<CountedExchange>& exchange) {
    if (route.handle != nullptr) return route.handle(service_, exchange);
    const auto answer = route.answer(service_, exchange->request());
    if (!answer) return exchange->Send(ErrorResponse(answer.error()));
    HttpResponse response;
    response.body = DumpJson(*answer);
    exchange->Send(std::move(response));
  }

  HttpResponse Counted(const ApiError& error, const RouteMatch& match) {
    service_.metrics.CountRequest(match.route == nullptr ? "other" : match.route->pattern,
                                  error.status);
    HttpResponse response = ErrorResponse(error);
    response.headers.emplace_back("x-request-id", "req_" + RandomId(24));
    return response;
  }

  Service service_;
  std::filesystem::path files_folder_;
  TrainingQueue training_;
  WorkerPool answers_, calls_;  // calls_ gives work to answers_: it goes first
  std::unique_ptr<HttpServer> http_;
  std::atomic<const HttpServer*> listening_{nullptr};  // what the other threads see of it
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(std::unique_ptr<Workspace> workspace,
                                              const ServerOptions& options, ModelHost& models,
                                              const ModelStore& store, const Clock& clock) {
  if (!IsLoopback(options.http.address) && options.service.access.token.empty()) {
    return Fail(ErrorKind::kMisuse,
                "serving on " + options.http.address +
                    ", where other machines can reach it, without a token",
                "set one: --token-file FILE or IDIOLECT_TOKEN");
  }
  auto server = std::make_unique<ServerImpl>(std::move(workspace), options, models, store, clock);
  RETURN_IF_ERROR(server->Begin(options.http));
  return server;
}

}  // namespace idiolect
