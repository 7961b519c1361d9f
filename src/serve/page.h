#pragma once
// The page at `/`: three files built into the program, nothing from outside, a strict content
// security policy; and the one endpoint of ours that it reads beside OpenAI's.

#include <memory>

#include "serve/json_fields.h"
#include "serve/service.h"

namespace idiolect {

void SendPage(Service& service, const std::shared_ptr<HttpExchange>& exchange);
// What the page shows at its start: models with their base and persona, the machine.
ApiResult<Json> PageOverview(Service& service, IncomingRequest& request);

// The persona's report, what `idiolect report` wrote last: {"pages": [{"name", "text"}…]},
// Markdown; no pages without one.
ApiResult<Json> PageReport(Service& service, IncomingRequest& request);

struct PageFile {
  const char* name;
  const char* content_type;
  std::string_view content;
};
// Made by the build from src/serve/page/.
const std::vector<PageFile>& PageFiles();

}  // namespace idiolect
