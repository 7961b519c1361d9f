#pragma once
// Renders a template that has been read. Steps, output and the length of every text and list are
// bounded, so that any template ends.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/jinja.h"
#include "engine/files/jinja_tree.h"

namespace idiolect::jinja {

// For one rendering.
class Runner {
 public:
  explicit Runner(const JinjaValue::Map& variables) { scopes_.push_back(variables); }

  // Fails as JinjaTemplate::Render says.
  Result<std::string> Run(const std::vector<Node>& nodes);

 private:
  using Value = JinjaValue;
  enum class Flow { kOn, kBreak, kContinue };

  Status Step();
  Status Print(const Value& value);
  Status Body(const std::vector<Node>& nodes);
  Status Set(const Node& node, Value value);
  Value* Find(std::string_view name);
  Status Bind(const Node& node, const Value& item);
  Status Loop(const Node& node);
  Result<Value> Eval(const Expr& expr);
  // The arguments after the first kid.
  Result<Value::List> Rest(const Expr& expr);
  Result<Value> Index(const Expr& expr);
  Result<Value> Slice(const Expr& expr);
  Result<Value> Binary(const Expr& expr);
  Result<Value> Call(const Expr& expr);
  Result<Value> Filter(const Expr& expr);

  std::vector<Value::Map> scopes_;
  std::string out_;
  Flow flow_ = Flow::kOn;
  int64_t steps_ = 0;
};

}  // namespace idiolect::jinja
