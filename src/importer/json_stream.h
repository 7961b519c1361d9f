#pragma once
// Reads JSON front to back through a window of bounded size, value by value as the caller asks for
// them: no tree, no recursion, no memory that grows with the input. Made for what chat exporters
// really write, so it forgives what loses nothing or can be mended in place: `\xHH` escapes, raw
// control characters, ill-formed UTF-8 and unknown escapes (replaced by U+FFFD and counted), a byte
// order mark, commas too many. It stops for good at what leaves no doubt that something is missing.
//
//   stream.Peek() == JsonKind::kObject && stream.Enter();
//   while (stream.NextKey(&key)) { … exactly one of String, Integer, Skip, or Enter and its loop …
//   }
//
// Every view it gives is valid until the next call. After a stop every call fails (false, kNone,
// nullopt), so that loops end by themselves and the caller looks at stop() once.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "importer/byte_source.h"

namespace idiolect {

enum class JsonKind : uint8_t { kNone, kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

enum class JsonStop : uint8_t {
  kNone,
  kTruncated,   // the input ended inside a value
  kMalformed,   // something that is no JSON
  kTooDeep,     // more than kJsonMaxDepth objects and arrays inside each other
  kReadFailed,  // read_error() says why
};

constexpr int kJsonMaxDepth = 256;

// Thread-compatible.
class JsonStream {
 public:
  // Borrows `source`. `window` is the number of bytes held at a time, at least 64.
  explicit JsonStream(ByteSource& source, size_t window = 256 * 1024);

  // The kind of the value that comes next. At the start: skips a byte order mark; kNone with
  // kTruncated when there is nothing at all.
  JsonKind Peek();
  // Goes into the object or array that Peek saw.
  bool Enter();
  // The next key of the object, or false at its end (which is then behind) and after a stop.
  bool NextKey(std::string_view* key);
  // Whether the array has a next value, which is then to be read; false as with NextKey.
  bool NextItem();

  // The text of a string; of anything else (skipped) nullopt. At most `most` bytes are kept, cut
  // between characters; the rest is passed over.
  std::optional<std::string_view> String(size_t most);
  // A whole number, also when it stands in quotes; of anything else (skipped) nullopt.
  std::optional<int64_t> Integer();
  void Skip();

  // Whether nothing but white space is left.
  bool AtEnd();

  JsonStop stop() const { return stop_; }
  const Error& read_error() const { return read_error_; }
  // Of the byte read next; after a stop, of the byte where it stopped.
  uint64_t offset() const { return base_ + static_cast<uint64_t>(at_ - window_.get()); }

  // A place in front of a value, to return to while the object or array around it is the innermost
  // that has not been left, or has just been left.
  struct Place {
    uint64_t offset = 0;
    int depth = 0;
  };
  Place Here() const { return {offset(), depth_}; }
  // Also from after a stop, which is then forgotten.
  bool GoTo(const Place& place);

  // How many strings had to be changed, and how many were cut, so far.
  int64_t repaired() const { return repaired_; }
  int64_t cut() const { return cut_; }

 private:
  bool Refill(const char*& keep);
  bool SkipSpace();
  bool Stop(JsonStop why);
  bool Open(char opening);
  bool Close(char closing);
  std::string_view ReadString(size_t most, std::string* scratch);
  bool AppendEscape(std::string* out, bool* bad);
  bool SkipString();
  void SkipContainer();
  bool SkipWord(std::string_view word);
  std::optional<int64_t> Number();

  ByteSource& source_;
  size_t capacity_;
  std::unique_ptr<char[]> window_;
  const char* at_;
  const char* end_;
  uint64_t base_ = 0;  // offset of the window's first byte
  bool started_ = false;

  int depth_ = 0;
  bool fresh_ = false;  // just entered: no comma before the next value
  std::array<char, kJsonMaxDepth> closers_ = {};

  std::string_view key_;
  std::string key_scratch_, scratch_, repaired_scratch_;
  JsonStop stop_ = JsonStop::kNone;
  Error read_error_;
  int64_t repaired_ = 0;
  int64_t cut_ = 0;
};

}  // namespace idiolect
