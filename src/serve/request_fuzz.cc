// JSON bodies of every endpoint that takes one. The first byte picks the endpoint; whatever comes,
// the answer is JSON (or events), and an error has OpenAI's four keys.
#include <cstdint>
#include <cstdlib>

#include "serve/service_fixture.h"
#include "store/files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  static ServiceFixture& fixture = *new ServiceFixture;
  static const char* const kTargets[] = {"/v1/chat/completions",
                                         "/v1/completions",
                                         "/v1/fine_tuning/jobs",
                                         "/v1/uploads",
                                         "/v1/uploads/upload_1/complete",
                                         "/v1/fine_tuning/jobs/ftjob-1/cancel",
                                         "/v1/uploads/upload_1/cancel",
                                         "/v1/fine_tuning/jobs/ftjob-1/pause",
                                         "/v1/fine_tuning/jobs/ftjob-1/resume",
                                         "/tokenize",
                                         "/detokenize"};
  static const bool ready = [] {
    const StoredFile file{"file-1", "fine-tune", "a.jsonl", 3, "", 1, 0};
    if (!AddStoredFile(fixture.service().workspace->database(), file)) std::abort();
    return true;
  }();
  if (size < 1 || !ready) return 0;
  const HttpResponse response =
      fixture.Ask("POST", kTargets[data[0] % std::size(kTargets)],
                  std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  if (response.content_type.starts_with("text/event-stream")) return 0;
  const Json answer = Json::parse(response.body, nullptr, false);
  if (!answer.is_object()) std::abort();
  if (response.status == 200) return 0;
  if (!answer.contains("error") || answer["error"].size() != 4) std::abort();
  return 0;
}
