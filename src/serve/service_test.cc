// The endpoints without a network and without an engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "serve/service_fixture.h"
#include "store/files.h"

namespace idiolect {
namespace {

Json Parsed(const HttpResponse& response) {
  return Json::parse(response.body);
}

TEST(Service, ChatAnswersInOpenAisShape) {
  ServiceFixture fixture;
  const auto answer = Parsed(fixture.Ask(
      "POST", "/v1/chat/completions",
      R"({"model":"echo","messages":[{"role":"user","content":"эхо"}],"n":2,"logprobs":true})"));
  EXPECT_EQ(answer["object"], "chat.completion");
  ASSERT_EQ(answer["choices"].size(), 2u);
  EXPECT_EQ(answer["choices"][1]["message"]["content"], "эхо");
  EXPECT_EQ(answer["choices"][0]["logprobs"]["content"][0]["bytes"].size(), 6u);
  EXPECT_EQ(answer["usage"]["total_tokens"], 3);
}

TEST(Service, StreamsEndWithDone) {
  ServiceFixture fixture;
  const auto response =
      fixture.Ask("POST", "/v1/chat/completions",
                  R"({"model":"echo","stream":true,"messages":[{"role":"user","content":"эхо"}]})");
  EXPECT_NE(response.body.find("\"content\":\"эхо\""), std::string::npos) << response.body;
  EXPECT_TRUE(response.body.ends_with("data: [DONE]\n\n"));
}

TEST(Service, TheTrainingsSystemPromptIsGivenWhereNoneIsSent) {
  ServiceFixture fixture;
  Workspace& workspace = *fixture.service().workspace;
  Job job;
  job.id = "ftjob-1";
  job.provider = "local";
  job.model = "echo";
  job.status = "succeeded";
  job.key = "k";
  job.hyperparameters = job.result = "{}";
  job.fine_tuned_model = "ft:echo:local:bob:1";
  job.adapter = "models/ftjob-1/adapter";
  const auto adapter = workspace.folder() / job.adapter;
  ASSERT_TRUE(PublishFile(adapter / "adapter_model.safetensors", "weights"));
  ASSERT_TRUE(
      PublishFile(adapter / "persona.json", R"({"name":"Bob","system_prompt":"You are Bob."})"));
  ASSERT_TRUE(SaveJob(workspace.database(), job));
  const auto prompt_messages = [&](const std::string& messages) {
    const auto answer =
        Parsed(fixture.Ask("POST", "/v1/chat/completions",
                           R"({"model":"ft:echo:local:bob:1","messages":[)" + messages + "]}"));
    return answer["usage"]["prompt_tokens"].get<int>();  // the echo's tokens are messages
  };
  const std::string user = R"({"role":"user","content":"hi"})";
  EXPECT_EQ(prompt_messages(user), 2);
  EXPECT_EQ(prompt_messages(R"({"role":"system","content":"Be Ann."},)" + user), 2);
  EXPECT_EQ(prompt_messages(R"({"role":"system","content":""},)" + user), 1);
  fixture.service().options.system_prompt = SystemPromptRule::kAsSent;
  EXPECT_EQ(prompt_messages(user), 1);
}

TEST(Service, WhoComesWhenTheQueueIsFullIsToldWhenToComeAgain) {
  // One works and 64 wait, all of them until they are let go. Older than the service, whose
  // threads look at it until they end.
  std::atomic<bool> go{false};
  ServiceFixture fixture;
  const auto wait = [&go] {
    while (!go) ::usleep(100);
  };
  while (fixture.service().answers->Add(wait)) continue;
  auto exchange = std::make_shared<KeptExchange>();
  exchange->request().method = "POST";
  ASSERT_TRUE(ParseTarget("/v1/chat/completions", &exchange->request()));
  exchange->request().body = R"({"model":"echo","messages":[{"role":"user","content":"hi"}]})";
  FindRoute("POST", exchange->request().segments).route->handle(fixture.service(), exchange);
  go = true;
  const HttpResponse& refused = exchange->response();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(Parsed(refused)["error"]["type"], "rate_limit_error");
  EXPECT_NE(std::find(refused.headers.begin(), refused.headers.end(),
                      std::pair<std::string, std::string>("Retry-After", "1")),
            refused.headers.end());
}

TEST(Service, TextsAreTokensAndTextsAgain) {
  ServiceFixture fixture;
  const auto ask = [&](const char* path, const std::string& body) {
    return Parsed(fixture.Ask("POST", path, R"({"model":"echo",)" + body + "}"));
  };
  EXPECT_EQ(ask("/tokenize", R"("content":"я!")")["tokens"], Json::parse("[209,143,33]"));
  EXPECT_EQ(ask("/tokenize", R"("content":"!","add_special":true)")["tokens"],
            Json::parse("[256,33]"));
  EXPECT_EQ(ask("/tokenize", R"("content":"я!","with_pieces":true)")["tokens"],
            Json::parse(R"([{"id":209,"piece":[209]},{"id":143,"piece":[143]},
                            {"id":33,"piece":"!"}])"));
  EXPECT_EQ(ask("/detokenize", R"("tokens":[209,143,33])")["content"], "я!");
  EXPECT_EQ(ask("/detokenize", R"("tokens":[209,33])")["content"], "\uFFFD!");
  EXPECT_EQ(ask("/detokenize", R"("tokens":[1.5])")["error"]["param"], "tokens");
  EXPECT_EQ(ask("/tokenize", R"("text":"я")")["error"]["param"], "content");
}

TEST(Service, ExpiredFilesAreGone) {
  ServiceFixture fixture;
  Database& database = fixture.service().workspace->database();
  ASSERT_TRUE(AddStoredFile(database, {"file-old", "batch", "a", 1, "", 1, 2}));
  EXPECT_EQ(fixture.Ask("GET", "/v1/files/file-old", "").status, 404);
  EXPECT_EQ(
      fixture.Ask("POST", "/v1/fine_tuning/jobs", R"({"model":"echo","training_file":"file-old"})")
          .status,
      400);
}

TEST(Service, JobsAreFoundAgainPageByPage) {
  ServiceFixture fixture;
  Database& database = fixture.service().workspace->database();
  ASSERT_TRUE(AddStoredFile(database, {"file-1", "fine-tune", "a.jsonl", 1, "", 1, 0}));
  std::vector<std::string> made, seen;
  for (int i = 0; i < 5; ++i) {
    const auto job = Parsed(fixture.Ask("POST", "/v1/fine_tuning/jobs",
                                        R"({"model":"echo","training_file":"file-1"})"));
    made.insert(made.begin(), job["id"].get<std::string>());
  }
  std::string after;
  for (bool more = true; more;) {
    const auto page = Parsed(fixture.Ask("GET", "/v1/fine_tuning/jobs?limit=2" + after, ""));
    for (const Json& job : page["data"]) seen.push_back(job["id"]);
    after = "&after=" + seen.back();
    more = page["has_more"];
  }
  EXPECT_EQ(seen, made);
  EXPECT_EQ(fixture.Ask("GET", "/v1/fine_tuning/jobs?after=ftjob-no", "").status, 404);
}

}  // namespace
}  // namespace idiolect
