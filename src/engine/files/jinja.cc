#include "engine/files/jinja.h"

#include <utility>

#include "engine/files/jinja_parser.h"
#include "engine/files/jinja_runner.h"

namespace idiolect {

JinjaValue JinjaValue::None() {
  JinjaValue value;
  value.kind = Kind::kNone;
  return value;
}
JinjaValue JinjaValue::Of(bool flag) {
  JinjaValue value;
  value.kind = Kind::kBool;
  value.flag = flag;
  return value;
}
JinjaValue JinjaValue::Of(int64_t integer) {
  JinjaValue value;
  value.kind = Kind::kInteger;
  value.integer = integer;
  return value;
}
JinjaValue JinjaValue::Of(std::string text) {
  JinjaValue value;
  value.kind = Kind::kText;
  value.text = std::move(text);
  return value;
}
JinjaValue JinjaValue::Of(List values) {
  JinjaValue value;
  value.kind = Kind::kList;
  value.list = std::make_shared<List>(std::move(values));
  return value;
}
JinjaValue JinjaValue::Of(Map values) {
  JinjaValue value;
  value.kind = Kind::kMap;
  value.map = std::make_shared<Map>(std::move(values));
  return value;
}

bool JinjaValue::IsTrue() const {
  switch (kind) {
    case Kind::kBool:
      return flag;
    case Kind::kInteger:
      return integer != 0;
    case Kind::kText:
      return !text.empty();
    case Kind::kList:
      return !list->empty();
    case Kind::kMap:
      return !map->empty();
    default:
      return false;
  }
}

struct JinjaTemplate::Program {
  std::vector<jinja::Node> nodes;
};

JinjaTemplate::JinjaTemplate(std::unique_ptr<Program> program) : program_(std::move(program)) {}
JinjaTemplate::JinjaTemplate(JinjaTemplate&&) noexcept = default;
JinjaTemplate& JinjaTemplate::operator=(JinjaTemplate&&) noexcept = default;
JinjaTemplate::~JinjaTemplate() = default;

Result<JinjaTemplate> JinjaTemplate::Parse(std::string_view text) {
  auto program = std::make_unique<Program>();
  ASSIGN_OR_RETURN(program->nodes, jinja::ParseTemplate(text));
  return JinjaTemplate(std::move(program));
}

Result<std::string> JinjaTemplate::Render(const JinjaValue::Map& variables) const {
  return jinja::Runner(variables).Run(program_->nodes);
}

}  // namespace idiolect
