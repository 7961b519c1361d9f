#pragma once
// Server-sent events as chat completions stream them (WHATWG HTML, 9.2): bytes in as they come, in
// any pieces; whole events' data out. Comments, ids and event names are read over.

#include <functional>
#include <string>
#include <string_view>

namespace idiolect {

class SseReader {
 public:
  // Gets the data of one event, lines joined by \n. Returning false ends the reading.
  using Sink = std::function<bool(std::string_view data)>;

  // An event larger than `most_bytes` is refused.
  explicit SseReader(size_t most_bytes = 16 << 20) : most_bytes_(most_bytes) {}

  // False when the sink said so or an event is too large; then nothing more may be fed.
  bool Feed(std::string_view bytes, const Sink& sink);
  // The connection ended: an event without its blank line is given too, as servers do forget it.
  bool End(const Sink& sink);
  bool too_large() const { return too_large_; }

 private:
  bool TakeLine(const Sink& sink);
  bool Dispatch(const Sink& sink);

  size_t most_bytes_;
  std::string line_, data_;
  bool has_data_ = false, after_cr_ = false, begun_ = false, too_large_ = false;
};

}  // namespace idiolect
