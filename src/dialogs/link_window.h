#pragma once
// A stretch of a chat prepared for the linker: for every line its words, whom it names, and where
// its author spoke before and after. What is known of a line depends on the kWindow lines before it
// and the kLookAhead lines behind it and on nothing else, so a chat can be linked in pieces, by
// several threads, and a chat that grows keeps the links of its old lines.

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "dialogs/chat_line.h"
#include "dialogs/line_names.h"
#include "dialogs/line_words.h"

namespace idiolect {

constexpr uint32_t kWindow = 150;    // lines before that may be answered or remembered
constexpr uint32_t kLookAhead = 40;  // lines behind that may tell what a line was
// What a link depends on in all: the lines around, what is known of those, and what they answer.
constexpr uint32_t kSeenBefore = 3 * kWindow;
constexpr uint32_t kSeenBehind = 2 * kLookAhead;

struct WindowLine {
  uint32_t cues = 0;
  uint32_t words = 0, words_end = 0;  // of LineWindow::words
  uint32_t namings = 0, namings_end = 0;
  std::array<uint64_t, 4> signature = {};               // of the words: a bit each
  float norm = 0;                                       // of the weights
  uint32_t previous_own = kNoLine, next_own = kNoLine;  // spoken lines of the author
  uint32_t chat_number = 0;                             // spoken lines before it
  uint8_t letters = 0, count = 0;                       // bucketed
  uint8_t burst_before = 0, burst_after = 0;  // neighbouring lines of the author, close in time
};

// Thread-compatible; keeps its memory between stretches.
class LineWindow {
 public:
  LineWindow(const WordTable& words, const NameFinder& names) : table_(words), finder_(names) {}

  // The lines are borrowed until the next call.
  void Read(std::span<const ChatLine> lines);

  const NameFinder* finder() const { return &finder_; }
  std::span<const ChatLine> lines() const { return lines_; }
  const ChatLine& line(uint32_t i) const { return lines_[i]; }
  const WindowLine& operator[](uint32_t i) const { return facts_[i]; }
  uint32_t size() const { return static_cast<uint32_t>(lines_.size()); }
  std::span<const Naming> namings(uint32_t i) const {
    return std::span(namings_).subspan(facts_[i].namings,
                                       facts_[i].namings_end - facts_[i].namings);
  }
  // How strongly line i names the author; 0: not at all.
  uint8_t NamingOf(uint32_t i, uint32_t author) const {
    for (const Naming& naming : namings(i)) {
      if (naming.author == author) return naming.strength;
    }
    return 0;
  }
  std::span<const WordWeight> words(uint32_t i) const {
    return std::span(words_).subspan(facts_[i].words, facts_[i].words_end - facts_[i].words);
  }
  // Calls `each` with every earlier line, down to `oldest`, that holds a word of line i, and with
  // the word; newest first for each word.
  template <typename Each>
  void ForEachSharing(uint32_t i, uint32_t oldest, Each each) const {
    for (uint32_t at = facts_[i].words; at < facts_[i].words_end; ++at) {
      for (uint32_t use = uses_[at].previous; use != kNoLine; use = uses_[use].previous) {
        if (uses_[use].line < oldest) break;
        if (words_[use].hash == words_[at].hash) each(uses_[use].line, words_[at]);
      }
    }
  }
  // One above the largest author.
  uint32_t authors() const { return authors_; }

 private:
  const WordTable& table_;
  const NameFinder& finder_;
  std::span<const ChatLine> lines_;
  std::vector<WindowLine> facts_;
  std::vector<WordWeight> words_;
  // Of each word: its line, and the word before it that falls into the same place.
  struct Use {
    uint32_t line = 0, previous = kNoLine;
  };
  static constexpr uint32_t kPlaces = 16384;
  void NoteUses(uint32_t line);
  std::vector<Use> uses_;
  std::vector<uint32_t> newest_use_;  // by place
  std::vector<Naming> namings_;
  std::vector<uint32_t> last_line_;  // by author
  std::vector<uint32_t> recent_;
  uint32_t authors_ = 0;
};

// Whether two lines may share a word: a false yes in one of five pairs, never a false no.
inline bool MayShare(const WindowLine& a, const WindowLine& b) {
  return ((a.signature[0] & b.signature[0]) | (a.signature[1] & b.signature[1]) |
          (a.signature[2] & b.signature[2]) | (a.signature[3] & b.signature[3])) != 0;
}

// Small numbers exactly, larger ones by octaves: 0 … 15, then four steps an octave; at most 255.
inline uint8_t BucketCount(int64_t count) {
  // Quarter octaves without a logarithm, nor a branch that is hard to foresee: a double's exponent
  // and the two bits behind it. 2^62 gives 248.
  const auto bits = std::bit_cast<uint64_t>(static_cast<double>(count));
  const int64_t octaves = static_cast<int64_t>(bits >> 50) - 4 * 1023;
  const int64_t exact = count < 0 ? 0 : count;
  return static_cast<uint8_t>(count < 16 ? exact : octaves);
}
// Seconds likewise.
inline uint8_t BucketSeconds(int64_t seconds) {
  return BucketCount(seconds);
}

}  // namespace idiolect
