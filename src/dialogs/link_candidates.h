#pragma once
// Which earlier lines each line may answer: the linker's first step. The newest lines and those
// that names, habits and open questions point at, about sixteen of the 150 before, which hold 98 of
// 100 lines that are really answered. The last candidate of every line is the line itself: "it
// starts a conversation".

#include <cstdint>
#include <span>
#include <vector>

#include "dialogs/link_window.h"

namespace idiolect {

// The candidates of the lines [begin, end) of a window, flat.
class CandidateTable {
 public:
  void Clear(uint32_t first_line) {
    first_line_ = first_line;
    lines_.clear();
    ends_.clear();
  }
  std::vector<uint32_t>& lines() { return lines_; }
  void EndLine() { ends_.push_back(static_cast<uint32_t>(lines_.size())); }

  uint32_t begin(uint32_t line) const {
    return line == first_line_ ? 0 : ends_[line - first_line_ - 1];
  }
  uint32_t end(uint32_t line) const { return ends_[line - first_line_]; }
  // Newest first, then the line itself. Candidate i of the span has number begin(line) + i.
  std::span<const uint32_t> of(uint32_t line) const {
    return std::span(lines_).subspan(begin(line), end(line) - begin(line));
  }
  size_t size() const { return lines_.size(); }

 private:
  uint32_t first_line_ = 0;
  std::vector<uint32_t> lines_;
  std::vector<uint32_t> ends_;
};

// Replaces *table by the candidates of [begin, end). Lines that are not spoken, and lines with a
// mark when `marked` says so, get none.
enum class MarkedLines : uint8_t { kLeft, kLinked };
void FindLinkCandidates(const LineWindow& window, uint32_t begin, uint32_t end, ChatStyle style,
                        MarkedLines marked, CandidateTable* table);

}  // namespace idiolect
