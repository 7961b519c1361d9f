#pragma once
// Cuts a page of a Telegram Desktop HTML export into what stands before its first message and one
// block a message, through a window of bounded size. A message begins with a tag that no message
// can hold (its text is escaped), so that a block whose markup is broken spoils no other.

#include <cstdint>
#include <string>
#include <string_view>

#include "importer/byte_source.h"

namespace idiolect {

constexpr std::string_view kHtmlMessageStart = "<div class=\"message ";
constexpr size_t kMaxHtmlBlock = 8 * 1024 * 1024;  // of a longer message the rest is passed over

// Thread-compatible.
class HtmlBlocks {
 public:
  // Borrows `source`. `window` is the number of bytes read at a time.
  HtmlBlocks(ByteSource& source, size_t window);

  // The next block, valid until the next call; the first is what stands before the messages (may be
  // empty). False at the end and when reading failed.
  bool Next(std::string_view* block);
  // Of the block, in the page.
  uint64_t offset() const { return base_ + block_; }
  // Whether the block is the page's last.
  bool last() const { return at_ == buffer_.size() && ended_; }
  const Status& read() const { return read_; }

 private:
  void Fill();

  ByteSource& source_;
  size_t window_;
  std::string buffer_;
  uint64_t base_ = 0;  // offset of the buffer's first byte
  size_t block_ = 0;   // of the block given last
  size_t at_ = 0;      // of the next one
  bool first_ = true, ended_ = false;
  Status read_;
};

}  // namespace idiolect
