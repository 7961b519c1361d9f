#pragma once
// The tags and texts of a piece of HTML, one after the other, without a tree. For pages that a
// program wrote: no rules of implied or misplaced elements, but no input makes it fail, either:
// what is no tag is text, and a tag without an end ends the piece. Copies nothing.

#include <cstdint>
#include <string>
#include <string_view>

namespace idiolect {

enum class HtmlTokenKind : uint8_t { kEnd, kText, kOpen, kClose };

// Thread-compatible. Borrows the piece; so do the views of its tokens.
class HtmlTokens {
 public:
  explicit HtmlTokens(std::string_view html) : html_(html) {}

  // Comments and declarations are passed over.
  HtmlTokenKind Next();

  // Of a text, as it stands in the page: AppendHtmlText decodes it.
  std::string_view text() const { return text_; }
  // Of a tag: "div".
  std::string_view name() const { return name_; }
  // The value of a tag's attribute as it stands in the page; empty when there is none.
  std::string_view Attribute(std::string_view name) const;

 private:
  HtmlTokenKind Text(size_t end);

  std::string_view html_;
  size_t at_ = 0;
  std::string_view text_, name_, attributes_;
};

// Whether a class attribute holds this class.
bool HasHtmlClass(std::string_view classes, std::string_view wanted);

// Appends with entities decoded: those by number, and those by name that exporters write. Others
// stay as they are.
void AppendHtmlText(std::string_view text, std::string* out);

}  // namespace idiolect
