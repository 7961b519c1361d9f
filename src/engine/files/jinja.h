#pragma once
// The part of Jinja that chat templates are written in: what Hugging Face's renderer makes of a
// conversation. Used to learn a template's form by trying it (chat_probe.h), never to render what a
// model is trained on or asked. A construct outside of this part is an error that names it; work,
// output and nesting are bounded, so that a template from anywhere can be tried.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace idiolect {

struct JinjaValue {
  enum class Kind { kUndefined, kNone, kBool, kInteger, kText, kList, kMap };
  using List = std::vector<JinjaValue>;
  using Map = std::map<std::string, JinjaValue, std::less<>>;

  Kind kind = Kind::kUndefined;
  bool flag = false;
  int64_t integer = 0;
  std::string text;
  std::shared_ptr<List> list;
  std::shared_ptr<Map> map;  // of a namespace too, which is why it is shared

  static JinjaValue None();
  static JinjaValue Of(bool value);
  static JinjaValue Of(int64_t value);
  static JinjaValue Of(std::string value);
  static JinjaValue Of(const char* value) { return Of(std::string(value)); }
  static JinjaValue Of(List values);
  static JinjaValue Of(Map values);
  bool IsTrue() const;
};

// Constant once parsed: thread-safe.
class JinjaTemplate {
 public:
  // Fails with kBadInput for what is no Jinja, or not of the part known here.
  static Result<JinjaTemplate> Parse(std::string_view text);
  JinjaTemplate(JinjaTemplate&&) noexcept;
  JinjaTemplate& operator=(JinjaTemplate&&) noexcept;
  ~JinjaTemplate();

  // Fails with kBadInput when a value is used as it cannot be, or the template takes too long; with
  // kMisuse when the template itself raises an exception, whose words are the message.
  Result<std::string> Render(const JinjaValue::Map& variables) const;

 private:
  struct Program;
  explicit JinjaTemplate(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace idiolect
