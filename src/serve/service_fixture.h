#pragma once
// For tests: the endpoints over a workspace in a temporary folder and a model that repeats what it
// was told, without a network.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "serve/routes.h"
#include "serve/training_queue.h"

namespace idiolect {

class EchoSession : public ChatSession {
 public:
  Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                              const GenerateOptions& options, const TextSink& sink,
                              const Interrupt&) override {
    Generation answer;
    answer.text = messages.back().content;
    answer.prompt_tokens = static_cast<int>(messages.size());
    answer.completion_tokens = 1;
    TokenLogprob token;
    token.bytes = answer.text;
    token.logprob = -0.5;
    if (options.top_logprobs >= 0) answer.logprobs = {token};
    if (options.on_logprob) options.on_logprob(token);
    sink(answer.text);
    return answer;
  }
};

class EchoModel : public ChatModel {
 public:
  std::string Name() const override { return "echo"; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::unique_ptr<ChatSession>(std::make_unique<EchoSession>());
  }
  // A token a byte.
  Result<std::vector<TokenPiece>> Tokenize(std::string_view text,
                                           const TokenizeOptions& options) const override {
    std::vector<TokenPiece> pieces;
    if (options.begin == TextBegin::kAsModelWants) pieces.push_back({256, "<s>"});
    for (const char c : text) pieces.push_back({static_cast<unsigned char>(c), std::string(1, c)});
    return pieces;
  }
  Result<std::string> Detokenize(std::span<const int32_t> ids) const override {
    std::string text;
    for (const int32_t id : ids) text += static_cast<char>(id);
    return text;
  }
};

class EchoHost : public ModelHost {
 public:
  Result<std::shared_ptr<const ChatModel>> Open(const ModelSpec&) override {
    return std::shared_ptr<const ChatModel>(std::make_shared<EchoModel>());
  }
  void Forget(const ModelSpec&) override {}
  std::string Describe() const override { return "an echo"; }
};

// Keeps what was sent.
class KeptExchange : public HttpExchange {
 public:
  IncomingRequest& request() override { return request_; }
  void Send(HttpResponse response) override { response_ = std::move(response); }
  void SendFile(HttpResponse head, const std::filesystem::path&) override {
    response_ = std::move(head);
  }
  void Begin(HttpResponse head) override { response_ = std::move(head); }
  bool Write(std::string piece) override {
    response_.body += piece;
    return true;
  }
  void End() override {}
  const Interrupt& gone() const override { return gone_; }
  const HttpResponse& response() const { return response_; }

 private:
  IncomingRequest request_;
  HttpResponse response_;
  Interrupt gone_;
};

class ServiceFixture {
 public:
  ServiceFixture() : training_(service_, {{"/bin/false"}, 1}), answers_(1, 64) {
    std::string pattern = std::filesystem::temp_directory_path() / "idiolect-serve-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    auto workspace = Workspace::Open(folder_ / "workspace");
    ModelStoreOptions options;
    options.folder = folder_ / "models";
    if (!workspace || !PublishFile(options.folder / "echo.gguf", "GGUF")) std::abort();
    service_.workspace = *std::move(workspace);
    if (!MakeFolders(service_.workspace->files_folder())) std::abort();
    store_ = std::make_unique<ModelStore>(std::move(options));
    service_.clock = &clock_;
    service_.models = &host_;
    service_.store = store_.get();
    service_.training = &training_;
    service_.answers = &answers_;
    service_.connections = [] { return int64_t{0}; };
  }
  ~ServiceFixture() {
    service_.workspace.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  HttpResponse Ask(const std::string& method, const std::string& target, const std::string& body) {
    auto exchange = std::make_shared<KeptExchange>();
    exchange->request().method = method;
    if (!ParseTarget(target, &exchange->request())) return ErrorResponse({400, "", "", "", ""});
    exchange->request().body = body;
    const RouteMatch match = FindRoute(method, exchange->request().segments);
    if (match.route == nullptr) return ErrorResponse({404, "", "", "", ""});
    if (match.route->answer != nullptr) {
      const auto answer = match.route->answer(service_, exchange->request());
      if (!answer) return ErrorResponse(answer.error());
      HttpResponse response;
      response.body = DumpJson(*answer);
      return response;
    }
    match.route->handle(service_, exchange);
    while (answers_.waiting() + answers_.running() > 0) ::usleep(20);
    return exchange->response();
  }
  Service& service() { return service_; }

 private:
  std::filesystem::path folder_;
  Service service_;
  SystemClock clock_;
  EchoHost host_;
  std::unique_ptr<ModelStore> store_;
  TrainingQueue training_;
  WorkerPool answers_;
};

}  // namespace idiolect
