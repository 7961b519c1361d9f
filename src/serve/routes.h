#pragma once
// The table of endpoints: method, path, what body it takes, who may call it, what answers. A word
// in braces stands for one segment of the path.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/access.h"
#include "serve/json_fields.h"
#include "serve/service.h"

namespace idiolect {

struct Route {
  const char* method;
  const char* pattern;
  BodyKind body;
  TokenRule token;
  // One of the two: an answer in JSON, or whatever the exchange is given.
  ApiResult<Json> (*answer)(Service&, IncomingRequest&);
  void (*handle)(Service&, const std::shared_ptr<HttpExchange>&);
};

const std::vector<Route>& Routes();

bool MatchesPattern(std::string_view pattern, const std::vector<std::string>& segments);
// The route of a request; null and the methods its path has ("GET, POST", empty: no such path).
struct RouteMatch {
  const Route* route = nullptr;
  std::string methods;
};
RouteMatch FindRoute(const std::string& method, const std::vector<std::string>& segments);

}  // namespace idiolect
