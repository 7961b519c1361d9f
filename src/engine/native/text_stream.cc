#include "engine/native/text_stream.h"

#include <algorithm>

#include "base/text.h"

namespace idiolect::native {
namespace {

// Where the last, unfinished code point begins; the end when there is none.
size_t EndOfWholeCodePoints(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;  // in the middle of one
    const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (length > back) return text.size() - back;
    break;
  }
  return text.size();
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stop) : stop_(std::move(stop)) {
  std::erase(stop_, std::string());
  for (const std::string& s : stop_) longest_stop_ = std::max(longest_stop_, s.size());
}

std::string_view TextStream::ShowUpTo(size_t end) {
  const std::string_view piece = std::string_view(text_).substr(shown_, end - shown_);
  shown_ = end;
  return piece;
}

std::string_view TextStream::Add(std::string_view bytes) {
  if (stopped_) return {};
  const size_t before = text_.size();
  text_ += bytes;
  const size_t from = before > longest_stop_ ? before - longest_stop_ : 0;
  size_t end = std::string::npos;
  for (const std::string& s : stop_) end = std::min(end, text_.find(s, std::max(from, shown_)));
  if (end != std::string::npos) {
    stopped_ = true;
    text_.resize(end);
    return ShowUpTo(end);
  }
  end = EndOfWholeCodePoints(text_);
  for (const std::string& s : stop_) {
    for (size_t length = std::min(s.size() - 1, text_.size() - shown_); length > 0; --length) {
      if (text_.compare(text_.size() - length, length, s, 0, length) == 0) {
        end = std::min(end, text_.size() - length);
        break;
      }
    }
  }
  return ShowUpTo(std::max(end, shown_));
}

std::string_view TextStream::Finish() {
  const std::string rest = RepairUtf8(std::string_view(text_).substr(shown_));
  text_.resize(shown_);
  text_ += rest;
  return ShowUpTo(text_.size());
}

}  // namespace idiolect::native
