// Requests as they are taken apart before any endpoint sees them: addresses, routes, JSON fields.
#include <gtest/gtest.h>

#include "serve/json_fields.h"
#include "serve/routes.h"

namespace idiolect {
namespace {

TEST(Request, AddressesAreDecoded) {
  IncomingRequest request;
  ASSERT_TRUE(ParseTarget("/v1/models/ft%3Aa%2Fb?limit=2&metadata[k]=a+b%21&x", &request));
  EXPECT_EQ(request.segments, (std::vector<std::string>{"v1", "models", "ft:a/b"}));
  EXPECT_EQ(request.query["limit"], "2");
  EXPECT_EQ(request.query["metadata[k]"], "a b!");
  EXPECT_EQ(request.query["x"], "");
  for (const char* wrong : {"", "v1", "http://x/", "/%", "/%zz", "/%00", "/a?b=%0"}) {
    EXPECT_FALSE(ParseTarget(wrong, &request)) << wrong;
  }
}

TEST(Request, RoutesAreFound) {
  const auto found = [](const char* method, const char* path) {
    IncomingRequest request;
    EXPECT_TRUE(ParseTarget(path, &request));
    const RouteMatch match = FindRoute(method, request.segments);
    return match.route == nullptr ? "-" + match.methods : std::string(match.route->pattern);
  };
  EXPECT_EQ(found("GET", "/v1/files/file-1/content"), "/v1/files/{file_id}/content");
  EXPECT_EQ(found("DELETE", "/v1/models/ft:a:b::c"), "/v1/models/{model}");
  EXPECT_EQ(found("PUT", "/v1/files"), "-POST, GET");
  EXPECT_EQ(found("GET", "/v1/files/"), "-");
  EXPECT_EQ(found("GET", "/v1"), "/{page_file}");
  EXPECT_EQ(found("GET", "/v1/files/a/b"), "-");
  EXPECT_EQ(found("GET", "/"), "/");
}

ApiError FaultOf(const char* json) {
  const auto body = ParseObject(json);
  if (!body) return body.error();
  Fields fields(*body);
  fields.Require("a");
  fields.Integer("a", 1, 5);
  fields.Number("b", 0, 2);
  fields.Text("c");
  fields.Flag("d");
  const auto done = fields.Done();
  return done ? ApiError{200, "", "", "", ""} : done.error();
}

TEST(Request, FieldsAreCheckedAsOpenAiDoes) {
  const struct {
    const char* json;
    int status;
    const char *param, *code;
  } cases[] = {{R"({"a":5,"b":2,"c":"","d":true})", 200, "", ""},
               {R"({"a":3.0,"b":null})", 200, "", ""},
               {R"({"a":6})", 400, "a", "integer_above_max_value"},
               {R"({"a":0})", 400, "a", "integer_below_min_value"},
               {R"({"a":18446744073709551615})", 400, "a", "integer_above_max_value"},
               {R"({"a":1.5})", 400, "a", "invalid_type"},
               {R"({"a":1e300})", 400, "a", "invalid_type"},
               {R"({"a":1,"b":2.5})", 400, "b", "decimal_above_max_value"},
               {R"({"a":1,"b":"x"})", 400, "b", "invalid_type"},
               {R"({"a":1,"c":1})", 400, "c", "invalid_type"},
               {R"({"a":1,"d":1})", 400, "d", "invalid_type"},
               {R"({"b":1})", 400, "a", "missing_required_parameter"},
               {R"({"a":1,"z":1})", 400, "z", "unknown_parameter"},
               {"[]", 400, "", "invalid_type"},
               {"{", 400, "", ""}};
  for (const auto& one : cases) {
    const ApiError fault = FaultOf(one.json);
    EXPECT_EQ(fault.status, one.status) << one.json << fault.message;
    EXPECT_EQ(fault.param, one.param) << one.json;
    EXPECT_EQ(fault.code, one.code) << one.json;
  }
  EXPECT_EQ(FaultOf(std::string(100'000, '[').c_str()).status, 400);
}

}  // namespace
}  // namespace idiolect
