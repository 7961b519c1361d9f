#include "dialogs/link_candidates.h"

#include <algorithm>
#include <functional>

namespace idiolect {
namespace {

struct Limits {
  uint32_t newest = 11;
  uint32_t own = 4;                       // the author's own last lines
  uint32_t of_named = 4;                  // last lines of each person named
  uint32_t naming_author = 4;             // last lines that name the author
  uint32_t people = 8, people_back = 60;  // newest line of so many people within so many lines
  uint32_t questions = 3;                 // newest questions that name nobody
  uint32_t partners = 3;                  // own lines looked at for whom the author spoke with
};

constexpr Limits kNicks = {};
constexpr Limits kMessenger = {20, 3, 3, 4, 12, 150, 5, 4};

// Collects for one line after another.
class Collector {
 public:
  Collector(const LineWindow& window, const Limits& limits)
      : window_(window), limits_(limits), people_stamp_(window.authors(), kNoLine) {}

  void Collect(uint32_t line, std::vector<uint32_t>* lines) {
    line_ = line;
    out_ = lines;
    begin_ = lines->size();
    const uint32_t oldest = line > kWindow ? line - kWindow : 0;
    const ChatLine& said = window_.line(line);
    const auto named = window_.namings(line);
    uint32_t newest = 0, naming = 0, people = 0, questions = 0;
    uint32_t of_named[kMostNamed] = {}, naming_named = 0;
    for (uint32_t i = line; i-- > oldest;) {
      const ChatLine& earlier = window_.line(i);
      if (!earlier.spoken || earlier.topic != said.topic) continue;
      bool take = newest < limits_.newest;
      if (take) ++newest;
      const auto names = window_.namings(i);
      for (const Naming& one : names) {
        if (one.author == said.author && naming < limits_.naming_author) {
          ++naming;
          take = true;
        }
        for (size_t k = 0; k < named.size() && k < kMostNamed; ++k) {
          if (one.author == named[k].author && naming_named < 2) {
            ++naming_named;
            take = true;
          }
        }
      }
      for (size_t k = 0; k < named.size() && k < kMostNamed; ++k) {
        if (earlier.author == named[k].author && of_named[k] < limits_.of_named) {
          ++of_named[k];
          take = true;
        }
      }
      if (people < limits_.people && line - i <= limits_.people_back &&
          people_stamp_[earlier.author] != line) {
        people_stamp_[earlier.author] = line;
        ++people;
        take = true;
      }
      if (questions < limits_.questions && names.empty() && (window_[i].cues & kAsks) != 0 &&
          earlier.author != said.author) {
        ++questions;
        take = true;
      }
      if (take) out_->push_back(i);
    }
    AddOwnAndPartners(oldest);
    out_->push_back(line);
  }

 private:
  static constexpr size_t kMostNamed = 4;

  // Newest first, each once.
  void Add(uint32_t line) {
    if (window_.line(line).topic != window_.line(line_).topic) return;
    const auto place = std::lower_bound(out_->begin() + static_cast<ptrdiff_t>(begin_), out_->end(),
                                        line, std::greater<>());
    if (place == out_->end() || *place != line) out_->insert(place, line);
  }

  void AddOwnAndPartners(uint32_t oldest) {
    uint32_t own = window_[line_].previous_own;
    uint32_t best = kNoLine, best_shared = 0;
    for (uint32_t n = 0; n < 12 && own != kNoLine && own >= oldest; ++n) {
      if (n < limits_.own) {
        Add(own);
      } else if (const uint32_t shared = Shared(own); shared > best_shared) {
        best_shared = shared;
        best = own;
      }
      if (n < limits_.partners) {
        for (const Naming& naming : window_.namings(own)) AddLastOf(naming.author, oldest);
      }
      own = window_[own].previous_own;
    }
    if (best != kNoLine) Add(best);
  }

  // Weight of the words that the line in hand shares with an own earlier one.
  uint32_t Shared(uint32_t earlier) const {
    if (!MayShare(window_[line_], window_[earlier])) return 0;
    uint32_t weight = 0;
    const auto a = window_.words(line_), b = window_.words(earlier);
    for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
      if (a[i].hash == b[k].hash) weight += a[i].weight;
      if (a[i].hash <= b[k].hash) {
        ++i;
      } else {
        ++k;
      }
    }
    return weight;
  }

  void AddLastOf(uint32_t author, uint32_t oldest) {
    uint32_t taken = 0;
    for (uint32_t i = line_; i-- > oldest && taken < 2;) {
      if (window_.line(i).author == author && window_.line(i).spoken) {
        Add(i);
        ++taken;
      }
    }
  }

  const LineWindow& window_;
  const Limits& limits_;
  std::vector<uint32_t> people_stamp_;  // by author: the line for which one of theirs was taken
  uint32_t line_ = 0;
  size_t begin_ = 0;
  std::vector<uint32_t>* out_ = nullptr;
};

}  // namespace

void FindLinkCandidates(const LineWindow& window, uint32_t begin, uint32_t end, ChatStyle style,
                        MarkedLines marked, CandidateTable* table) {
  table->Clear(begin);
  Collector collector(window, style == ChatStyle::kNicks ? kNicks : kMessenger);
  for (uint32_t line = begin; line < end; ++line) {
    const ChatLine& said = window.line(line);
    const bool fact = said.marked != kNoLine || said.marked_elsewhere;
    if (said.spoken && !(fact && marked == MarkedLines::kLeft)) {
      collector.Collect(line, &table->lines());
    }
    table->EndLine();
  }
}

}  // namespace idiolect
