#include "importer/json_stream.h"

#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "importer/json_scan.h"

namespace idiolect {
namespace {

constexpr size_t kMaxKey = 256;        // longer ones are nobody's and may be cut
constexpr size_t kLongestEscape = 12;  // \uD83D\uDE00
constexpr char kReplacement[] = "\xEF\xBF\xBD";

bool IsNumberCharacter(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// The value of `digits` hex digits at p, or -1.
int32_t Hex(const char* p, const char* end, int digits) {
  if (end - p < digits) return -1;
  int32_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = p[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20) - 'a' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

// Appends no more than fits below `most`; whether all of it did.
bool AppendUpTo(std::string* out, size_t most, std::string_view piece) {
  const size_t room = most - std::min(most, out->size());
  out->append(piece.substr(0, room));
  return piece.size() <= room;
}

// Removes what a cut left of a character at the end.
void TrimPartialCharacter(std::string* text) {
  size_t lead = text->size();
  while (lead > 0 && text->size() - lead < 4) {
    const auto byte = static_cast<unsigned char>((*text)[--lead]);
    if ((byte & 0xC0u) == 0x80u) continue;
    const size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    if (lead + length > text->size()) text->resize(lead);
    return;
  }
}

}  // namespace

JsonStream::JsonStream(ByteSource& source, size_t window)
    : source_(source),
      capacity_(std::max<size_t>(window, 64)),
      window_(std::make_unique<char[]>(capacity_ + json_scan::kScanPadding)),
      at_(window_.get()),
      end_(window_.get()) {
  std::memset(window_.get(), '"', capacity_ + json_scan::kScanPadding);
}

// Keeps what is from `keep` on, moves it to the front (and `keep` with it) and reads more behind
// it. False at the end of the input, on a failed read, and when the window is full of one token.
bool JsonStream::Refill(const char*& keep) {
  char* const window = window_.get();
  if (!key_.empty() && key_.data() >= window && key_.data() < window + capacity_) {
    key_scratch_.assign(key_);
    key_ = key_scratch_;
  }
  const size_t kept = static_cast<size_t>(end_ - keep);
  std::memmove(window, keep, kept);
  base_ += static_cast<uint64_t>(keep - window);
  keep = window;
  size_t count = 0;
  if (kept < capacity_) {
    auto read = source_.Read(window + kept, capacity_ - kept);
    if (read) {
      count = *read;
    } else {
      read_error_ = std::move(read).error();
      Stop(JsonStop::kReadFailed);
    }
  }
  end_ = window + kept + count;
  std::memset(window + kept + count, '"', json_scan::kScanPadding);
  return count > 0;
}

bool JsonStream::Stop(JsonStop why) {
  if (stop_ == JsonStop::kNone) stop_ = why;
  return false;
}

// To the next byte that is no white space; a stop when there is none.
bool JsonStream::SkipSpace() {
  for (;;) {
    at_ = json_scan::SkipSpace(at_);
    if (at_ < end_) return true;
    at_ = end_;
    if (!Refill(at_)) return Stop(JsonStop::kTruncated);
  }
}

bool JsonStream::Open(char opening) {
  if (depth_ == kJsonMaxDepth) return Stop(JsonStop::kTooDeep);
  closers_[static_cast<size_t>(depth_++)] = opening == '{' ? '}' : ']';
  return true;
}

bool JsonStream::Close(char closing) {
  if (closers_[static_cast<size_t>(depth_ - 1)] != closing) return Stop(JsonStop::kMalformed);
  --depth_;
  return true;
}

JsonKind JsonStream::Peek() {
  if (stop_ != JsonStop::kNone) return JsonKind::kNone;
  if (!started_) {
    started_ = true;
    while (end_ - at_ < 3 && Refill(at_)) {
    }
    if (end_ - at_ >= 3 && std::memcmp(at_, "\xEF\xBB\xBF", 3) == 0) at_ += 3;
    if (!SkipSpace()) return JsonKind::kNone;
  }
  switch (*at_) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 't':
      return JsonKind::kTrue;
    case 'f':
      return JsonKind::kFalse;
    case 'n':
      return JsonKind::kNull;
    default:
      if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) return JsonKind::kNumber;
      Stop(JsonStop::kMalformed);
      return JsonKind::kNone;
  }
}

bool JsonStream::Enter() {
  if (stop_ != JsonStop::kNone) return false;
  assert(*at_ == '{' || *at_ == '[');
  if (!Open(*at_)) return false;
  ++at_;
  fresh_ = true;
  return true;
}

bool JsonStream::NextKey(std::string_view* key) {
  if (stop_ != JsonStop::kNone || !SkipSpace()) return false;
  if (*at_ == ',' && !fresh_) {
    ++at_;
    if (!SkipSpace()) return false;
  } else if (*at_ == '"' && !fresh_) {
    return Stop(JsonStop::kMalformed);
  }
  fresh_ = false;
  if (*at_ == '}') {
    ++at_;
    return Close('}') && false;
  }
  if (*at_ != '"') return Stop(JsonStop::kMalformed);
  key_ = ReadString(kMaxKey, &key_scratch_);
  if (stop_ != JsonStop::kNone || !SkipSpace()) return false;
  if (*at_ != ':') return Stop(JsonStop::kMalformed);
  ++at_;
  if (!SkipSpace()) return false;
  *key = key_;
  key_ = {};
  return true;
}

bool JsonStream::NextItem() {
  if (stop_ != JsonStop::kNone || !SkipSpace()) return false;
  if (*at_ != ']' && !fresh_) {
    if (*at_ != ',') return Stop(JsonStop::kMalformed);
    ++at_;
    if (!SkipSpace()) return false;
  }
  fresh_ = false;
  if (*at_ != ']') return true;
  ++at_;
  return Close(']') && false;
}

std::optional<std::string_view> JsonStream::String(size_t most) {
  if (Peek() != JsonKind::kString) {
    Skip();
    return std::nullopt;
  }
  std::string_view text = ReadString(most, &scratch_);
  if (stop_ != JsonStop::kNone) return std::nullopt;
  return text;
}

// At an opening quote. The view is into the window when the string lies there whole and as it is,
// else into `scratch`.
std::string_view JsonStream::ReadString(size_t most, std::string* scratch) {
  const char* p = at_ + 1;
  bool high = false;
  const char* stop = json_scan::FindStringStop(p, &high);
  std::string_view text;
  bool bad = false;
  if (stop < end_ && *stop == '"' && static_cast<size_t>(stop - p) <= most) {
    text = {p, static_cast<size_t>(stop - p)};
    at_ = stop + 1;
  } else {
    scratch->clear();
    bool whole = true;
    at_ = p;
    for (;;) {
      stop = std::min(json_scan::FindStringStop(at_, &high), end_);
      whole &= AppendUpTo(scratch, most, {at_, static_cast<size_t>(stop - at_)});
      at_ = stop;
      if (at_ == end_) {
        if (!Refill(at_)) {
          Stop(JsonStop::kTruncated);
          return {};
        }
      } else if (*at_ == '"') {
        ++at_;
        break;
      } else if (*at_ == '\\') {
        std::string escaped;
        if (!AppendEscape(&escaped, &bad)) return {};
        high |= escaped.size() > 1;
        whole &= AppendUpTo(scratch, most, escaped);
      } else {
        // A raw control character. NUL would end the text for many a reader of it.
        bad |= *at_ == '\0';
        high |= *at_ == '\0';
        whole &=
            AppendUpTo(scratch, most,
                       *at_ == '\0' ? std::string_view(kReplacement) : std::string_view(at_, 1));
        ++at_;
      }
    }
    if (!whole) {
      TrimPartialCharacter(scratch);
      ++cut_;
    }
    text = *scratch;
  }
  if (high && !simdjson::validate_utf8(text.data(), text.size())) {
    bad = true;
    repaired_scratch_ = RepairUtf8(text);
    scratch->swap(repaired_scratch_);
    text = *scratch;
  }
  repaired_ += bad;
  return text;
}

// At a backslash; goes behind the escape.
bool JsonStream::AppendEscape(std::string* out, bool* bad) {
  while (static_cast<size_t>(end_ - at_) < kLongestEscape && Refill(at_)) {
  }
  if (stop_ != JsonStop::kNone) return false;
  if (end_ - at_ < 2) {
    at_ = end_;
    return Stop(JsonStop::kTruncated);
  }
  const char kind = at_[1];
  int32_t code = -1;
  switch (kind) {
    case 'n':
      code = '\n';
      break;
    case 't':
      code = '\t';
      break;
    case 'r':
      code = '\r';
      break;
    case 'b':
      code = '\b';
      break;
    case 'f':
      code = '\f';
      break;
    case 'u':
    case 'x': {
      const int digits = kind == 'u' ? 4 : 2;
      code = Hex(at_ + 2, end_, digits);
      if (code < 0) {
        *bad = true;
        *out += kReplacement;
        at_ += 2;
        return true;
      }
      at_ += digits;
      if (code >= 0xD800 && code < 0xDC00 && end_ - at_ >= 4 && at_[2] == '\\' && at_[3] == 'u') {
        const int32_t low = Hex(at_ + 4, end_, 4);
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          at_ += 6;
        }
      }
      break;
    }
    case '"':
    case '\\':
    case '/':
      code = kind;
      break;
    default:
      // An unknown escape: the backslash goes, what follows it is read as it stands.
      *bad = true;
      at_ += 1;
      return true;
  }
  at_ += 2;
  if (code == 0 || (code >= 0xD800 && code < 0xE000)) {
    *bad = true;
    *out += kReplacement;
  } else {
    AppendUtf8(static_cast<char32_t>(code), out);
  }
  return true;
}

std::optional<int64_t> JsonStream::Integer() {
  const JsonKind kind = Peek();
  if (kind == JsonKind::kNumber) return Number();
  if (kind != JsonKind::kString) {
    Skip();
    return std::nullopt;
  }
  const std::string_view text = ReadString(64, &scratch_);
  if (stop_ != JsonStop::kNone) return std::nullopt;
  int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> JsonStream::Number() {
  const char* stop = at_;
  bool whole = true;
  while (IsNumberCharacter(*stop)) ++stop;
  while (stop == end_) {  // it may go on behind the window
    if (static_cast<size_t>(end_ - at_) == capacity_) {
      whole = false;  // as long as a window: passed over, for it is no number that anyone wants
      at_ = end_;
    }
    if (!Refill(at_)) {
      at_ = end_;
      Stop(JsonStop::kTruncated);
      return std::nullopt;
    }
    stop = at_;
    while (IsNumberCharacter(*stop)) ++stop;
  }
  // Whether a number is read must not hang on where the window ends, so a long one never is.
  constexpr ptrdiff_t kLongestNumber = 40;
  whole &= stop - at_ <= kLongestNumber;
  int64_t value = 0;
  const auto read = std::from_chars(at_, stop, value);
  whole &= read.ec == std::errc() && read.ptr == stop;
  at_ = stop;
  if (!whole) return std::nullopt;
  return value;
}

void JsonStream::Skip() {
  switch (Peek()) {
    case JsonKind::kNone:
      return;
    case JsonKind::kObject:
    case JsonKind::kArray:
      return SkipContainer();
    case JsonKind::kString:
      (void)SkipString();
      return;
    case JsonKind::kNumber:
      (void)Number();
      return;
    case JsonKind::kTrue:
      (void)SkipWord("true");
      return;
    case JsonKind::kFalse:
      (void)SkipWord("false");
      return;
    case JsonKind::kNull:
      (void)SkipWord("null");
      return;
  }
}

bool JsonStream::SkipString() {
  const char* p = at_ + 1;
  for (;;) {
    const char* stop = json_scan::FindQuoteOrBackslash(p);
    if (stop < end_ && *stop == '"') {
      at_ = stop + 1;
      return true;
    }
    if (stop + 1 < end_) {  // a backslash and what it escapes
      p = stop + 2;
      continue;
    }
    at_ = std::min(stop, end_);
    if (!Refill(at_)) {
      at_ = end_;
      return Stop(JsonStop::kTruncated);
    }
    p = at_;
  }
}

// Only brackets and strings are looked at: what stands between them in a value that nobody reads
// may be what it likes.
void JsonStream::SkipContainer() {
  const int outside = depth_;
  if (!Open(*at_)) return;
  ++at_;
  while (depth_ > outside) {
    at_ = json_scan::FindQuoteOrBracket(at_);
    if (at_ >= end_) {
      at_ = end_;
      if (!Refill(at_)) {
        Stop(JsonStop::kTruncated);
        return;
      }
    } else if (*at_ == '"') {
      if (!SkipString()) return;
    } else if (*at_ == '{' || *at_ == '[') {
      if (!Open(*at_)) return;
      ++at_;
    } else {
      if (!Close(*at_)) return;
      ++at_;
    }
  }
}

bool JsonStream::SkipWord(std::string_view word) {
  while (static_cast<size_t>(end_ - at_) < word.size() && Refill(at_)) {
  }
  const std::string_view here(at_, std::min(word.size(), static_cast<size_t>(end_ - at_)));
  if (here == word) {
    at_ += word.size();
    return true;
  }
  if (word.starts_with(here)) {
    at_ = end_;
    return Stop(JsonStop::kTruncated);
  }
  return Stop(JsonStop::kMalformed);
}

bool JsonStream::AtEnd() {
  if (stop_ != JsonStop::kNone) return false;
  if (SkipSpace()) return false;
  if (stop_ == JsonStop::kTruncated) stop_ = JsonStop::kNone;
  return stop_ == JsonStop::kNone;
}

bool JsonStream::GoTo(const Place& place) {
  if (auto sought = source_.Seek(place.offset); !sought) {
    stop_ = JsonStop::kNone;
    read_error_ = std::move(sought).error();
    return Stop(JsonStop::kReadFailed);
  }
  stop_ = JsonStop::kNone;
  base_ = place.offset;
  at_ = end_ = window_.get();
  std::memset(window_.get(), '"', json_scan::kScanPadding);
  depth_ = place.depth;
  fresh_ = false;
  return SkipSpace();
}

}  // namespace idiolect
