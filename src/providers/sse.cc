#include "providers/sse.h"

namespace idiolect {

bool SseReader::Feed(std::string_view bytes, const Sink& sink) {
  for (const char c : bytes) {
    if (c == '\n' && after_cr_) {  // the second half of a CRLF
      after_cr_ = false;
      continue;
    }
    after_cr_ = c == '\r';
    if (c == '\n' || c == '\r') {
      if (!TakeLine(sink)) return false;
      continue;
    }
    line_ += c;
    if (line_.size() + data_.size() > most_bytes_) {
      too_large_ = true;
      return false;
    }
  }
  return true;
}

bool SseReader::End(const Sink& sink) {
  return TakeLine(sink) && Dispatch(sink);
}

bool SseReader::TakeLine(const Sink& sink) {
  std::string_view line(line_);
  if (!begun_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  begun_ = true;
  bool go_on = true;
  if (line.empty()) {
    go_on = Dispatch(sink);
  } else if (line.starts_with("data:") || line == "data") {
    line.remove_prefix(line.size() > 4 ? 5 : 4);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (has_data_) data_ += '\n';
    data_ += line;
    has_data_ = true;
  }
  line_.clear();
  return go_on;
}

bool SseReader::Dispatch(const Sink& sink) {
  if (!has_data_) return true;
  has_data_ = false;
  const std::string data = std::move(data_);
  data_.clear();
  return sink(data);
}

}  // namespace idiolect
