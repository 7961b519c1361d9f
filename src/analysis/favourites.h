#pragma once
// Words, phrases, openings and closings that the persona prefers, or leaves to others, ranked by
// weighted log-odds (log_odds.h). Other people's names are left out.

#include <string>
#include <vector>

#include "analysis/report_pages.h"

namespace idiolect {

struct Favourite {
  std::string text;
  int64_t one = 0, others = 0;  // times said by the persona and by everybody else
  double z = 0;
};

enum class Side { kPersona, kOthers };

// At most `most`, those beyond chance only (|z| ≥ 1.96), most telling first; said at least three
// times by the side that prefers them.
std::vector<Favourite> FavouriteWords(const PageContext& context, Side side, size_t most);
std::vector<Favourite> FavouritePhrases(const PageContext& context, size_t most);

// How runs of messages begin and end: the persona's most frequent first and last words, one or two,
// with how often others do the same.
std::vector<Favourite> Openings(const PageContext& context, size_t most);
std::vector<Favourite> Closings(const PageContext& context, size_t most);

}  // namespace idiolect
