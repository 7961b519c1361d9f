#pragma once
// Turns the bytes of tokens into text that can be shown: whole code points only, and nothing that
// may still turn out to be the beginning of a stop string.

#include <string>
#include <string_view>
#include <vector>

namespace idiolect::native {

// Thread-compatible.
class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stop);

  // Adds a token's bytes. Returns what can be shown now, valid until the next call.
  std::string_view Add(std::string_view bytes);
  // A stop string was met: what comes after its beginning is not in the text.
  bool stopped() const { return stopped_; }
  // No more will come: what was held back, ill-formed ends repaired.
  std::string_view Finish();
  // Everything shown so far.
  std::string_view text() const { return std::string_view(text_).substr(0, shown_); }

 private:
  std::string_view ShowUpTo(size_t end);

  std::vector<std::string> stop_;
  size_t longest_stop_ = 0;
  std::string text_;
  size_t shown_ = 0;
  bool stopped_ = false;
};

}  // namespace idiolect::native
