#pragma once
// Answers that say the same again with a word changed: MinHash sketches of a text's words and pairs
// of words, and groups of those whose sketches agree, found by locality-sensitive hashing. One pass
// over the texts, one over the sketches; no pair is compared that shares no band.
//
// Broder, "On the resemblance and containment of documents" (1997): the share of equal minima
// estimates the Jaccard index of the two sets.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace idiolect {

constexpr size_t kSketchRows = 32;

struct Sketch {
  // Minima by row; all zero: the text is too short to be told from a coincidence.
  std::array<uint16_t, kSketchRows> rows{};
  bool empty() const;
};

// Texts with fewer words than this have an empty sketch: "да, конечно" is no copy of anything.
constexpr size_t kFewestSketchWords = 6;

// Case, punctuation and spaces do not count.
Sketch SketchOf(std::string_view text);

// An estimate of the Jaccard index, with an error of about 0.08.
double Likeness(const Sketch& a, const Sketch& b);

// For each sketch the number of its group: the smallest index among those it is joined with, its
// own when it is alone. Two sketches are joined when they are at least `least` alike; so are those
// that are joined with the same one.
std::vector<uint32_t> GroupAlike(std::span<const Sketch> sketches, double least);

}  // namespace idiolect
