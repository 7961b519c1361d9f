#pragma once
// SentencePiece's unigram models: of all ways to put a text together from pieces, the one with the
// best sum of scores (Viterbi). A character that is no piece counts as unknown, far below any
// piece; neighbouring unknown ones become one.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "engine/files/merge_symbols.h"

namespace idiolect {

struct UnigramPiece {
  int32_t id = -1;  // -1: there is none
  double score = 0;
};

// Memory reused between calls.
struct UnigramScratch {
  struct Node {
    double score;    // of the best way to here
    uint32_t begin;  // of its last piece
    int32_t id;      // of that; -1: unknown
    bool reached;
  };
  std::vector<Node> nodes;  // by where a piece ends
};

// `find(text)` is the piece of exactly that text. Of equal sums the one whose last piece begins
// first wins. Symbols without an id are unknown.
template <typename Find>
void BestPieces(std::string_view text, size_t longest_piece, double unknown_score, const Find& find,
                UnigramScratch* scratch, std::vector<Symbol>* symbols) {
  std::vector<UnigramScratch::Node>& nodes = scratch->nodes;
  nodes.assign(text.size() + 1, {0, 0, -1, false});
  const auto offer = [&](size_t begin, size_t end, double score, int32_t id) {
    UnigramScratch::Node& node = nodes[end];
    if (node.reached && !(score > node.score)) return;
    node = {score, static_cast<uint32_t>(begin), id, true};
  };
  for (size_t begin = 0; begin < text.size();) {
    const double before = nodes[begin].score;
    size_t next = begin;
    NextCodePoint(text, &next);
    bool single = false;
    const size_t last = std::min(text.size(), begin + longest_piece);
    for (size_t end = next; end <= last;) {
      const UnigramPiece piece = find(text.substr(begin, end - begin));
      if (piece.id >= 0) {
        offer(begin, end, before + piece.score, piece.id);
        single |= end == next;
      }
      if (end == text.size()) break;
      NextCodePoint(text, &end);
    }
    if (!single) offer(begin, next, before + unknown_score, -1);
    begin = next;
  }
  symbols->clear();
  for (size_t end = text.size(); end > 0;) {
    const UnigramScratch::Node& node = nodes[end];
    const auto length = static_cast<uint32_t>(end - node.begin);
    if (node.id < 0 && !symbols->empty() && symbols->back().id < 0) {
      symbols->back().begin = node.begin;
      symbols->back().length += length;
    } else {
      symbols->push_back({node.begin, length, node.id});
    }
    end = node.begin;
  }
  std::reverse(symbols->begin(), symbols->end());
}

}  // namespace idiolect
