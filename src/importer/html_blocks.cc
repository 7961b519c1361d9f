#include "importer/html_blocks.h"

#include <algorithm>

namespace idiolect {

HtmlBlocks::HtmlBlocks(ByteSource& source, size_t window)
    : source_(source), window_(std::max<size_t>(window, 64)) {}

void HtmlBlocks::Fill() {
  const size_t size = buffer_.size();
  buffer_.resize(size + window_);
  const auto count = source_.Read(buffer_.data() + size, window_);
  buffer_.resize(size + count.value_or(0));
  if (!count) read_ = tl::unexpected<Error>(count.error());
  ended_ = !count || *count == 0;
}

bool HtmlBlocks::Next(std::string_view* block) {
  if (at_ >= window_) {
    buffer_.erase(0, at_);
    base_ += at_;
    at_ = 0;
  }
  block_ = at_;
  size_t passed_over = 0;
  size_t search = first_ ? at_ : at_ + kHtmlMessageStart.size();
  size_t next = std::string::npos;
  for (;;) {
    next = search <= buffer_.size() ? buffer_.find(kHtmlMessageStart, search) : std::string::npos;
    if (next != std::string::npos || ended_) break;
    // The start may lie across the end of what is there.
    const size_t keep = kHtmlMessageStart.size() - 1;
    search = std::max(search, buffer_.size() - std::min(buffer_.size(), keep));
    if (buffer_.size() > block_ + kMaxHtmlBlock + keep) {
      const size_t over = buffer_.size() - keep - (block_ + kMaxHtmlBlock);
      buffer_.erase(block_ + kMaxHtmlBlock, over);
      passed_over += over;
      search -= over;
    }
    Fill();
  }
  if (!read_) return false;
  at_ = next == std::string::npos ? buffer_.size() : next;
  if (block_ == at_ && !first_) return false;
  first_ = false;
  *block = std::string_view(buffer_).substr(block_, std::min(at_ - block_, kMaxHtmlBlock));
  base_ += passed_over;
  return true;
}

}  // namespace idiolect
