#pragma once
// The learned scorer: boosted trees over the feature bytes (link_features.h). A first model and a
// second one (link_guesses.h) for each chat style are built into the program from models/links-*,
// made by tools/links/train.py. The file is text:
//
//   idiolect-links 1
//   style nicks                      or messenger
//   features NAME NAME …             what the numbers below stand for; all must be known
//   unit 0.00001234                  what a leaf's 1 is worth
//   margin -0.8                      added to the score of "starts a conversation"
//   conversation_margin -0.4         the same where conversations are made of links
//   temperature 1.0                  scores are divided by it before they become probabilities
//   second 0.36                      a second link is given above this probability; 1: never
//   start -2.1                       … and the other LinkSettings, NAME VALUE
//   trees 300
//   FEATURE:THRESHOLD:LEFT:RIGHT … | LEAF …      one line a tree
//
// A node goes left when the byte is at most the threshold. LEFT and RIGHT are nodes of the tree,
// or, when negative, leaf −1 − LEFT. Leaves are whole numbers of 16 bits, numbered from left to
// right, at most 32 a tree. A score is the sum of the leaves: whole numbers, so it is the same on
// every machine and for every order of adding.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dialogs/link_features.h"

namespace idiolect {

// Numbers of the decision (link_decision.h), in the model's file because they go with its scores.
struct LinkSettings {
  double unit = 0;                 // of the leaves
  double margin = 0;               // for "starts a conversation", where names are nicks
  double conversation_margin = 0;  // the same where conversations are made (link_conversations.h)
  double temperature = 1;          // scores are divided by it
  double second = 1;               // probability above which a second link is given
  // In messengers, of lines without a mark: "starts a conversation", by itself, for each doubling
  // of the silence before, for greetings and for questions.
  double start = -2, start_silence = 0, start_greets = 0, start_asks = 0;
  // The same lines, of each candidate: for the logarithms of messages and minutes between, for
  // one's own, for the message just before.
  double near_lines = 0, near_time = 0, near_own = 0, near_previous = 0;
};

// Constant after it is made: may be used by several threads.
class LinkModel {
 public:
  // Fails with kBadInput, naming the line and what is wrong with it.
  static Result<LinkModel> Parse(std::string_view text);

  ChatStyle style() const { return style_; }
  const LinkSettings& settings() const { return settings_; }

  // Makes *sums a whole number for each candidate; times settings().unit it is the trainer's score.
  void Score(const FeatureBlocks& blocks, std::vector<int32_t>* sums) const {
    Score(blocks, 0, blocks.candidates(), sums);
  }
  // The same for the candidates [begin, end), and maybe for some around them; others' are left.
  void Score(const FeatureBlocks& blocks, size_t begin, size_t end,
             std::vector<int32_t>* sums) const;
  // The same by walking down the trees, one candidate at a time: what Score must agree with.
  int32_t ScoreOne(const FeatureBlocks& blocks, size_t candidate) const;

 private:
  struct Node {
    uint8_t feature = 0, threshold = 0;
    int8_t left = 0, right = 0;                // negative: leaf −1 − it
    uint8_t leaves_begin = 0, leaves_end = 0;  // below `left`
  };
  struct Tree {
    uint32_t nodes_begin = 0, nodes_end = 0;  // of nodes_
    uint32_t leaves_begin = 0;                // of leaves_, 32 a tree
    uint32_t steps_end[4] = {};               // of steps_, for eight leaves each
    uint32_t groups = 0;                      // so many eights of leaves
  };
  // One node seen from eight leaves: where the byte is not below `least`, those in `keep` alone may
  // be reached. Bytes are compared 128 below what they are.
  struct Step {
    uint16_t offset = 0;  // of the feature, of those used, in a block
    int8_t least = 0, keep = 0;
  };
  friend struct LinkModelReader;
  void ScoreWithAvx2(const FeatureBlocks& blocks, size_t begin, size_t end,
                     std::vector<int32_t>* sums) const;
  template <size_t kBlocks>
  void ScoreBlocks(const uint8_t* features, int32_t* sums) const;

  ChatStyle style_ = ChatStyle::kNicks;
  LinkSettings settings_;
  std::vector<Tree> trees_;
  std::vector<Node> nodes_;
  std::vector<int16_t> leaves_;
  std::vector<Step> steps_;
  // By tree, 16 bytes each: the low bytes of leaves 0 … 15, the high ones plus 128, and both of
  // leaves 16 … 31.
  static constexpr size_t kPlanesOfTree = 64;
  std::vector<uint8_t> planes_;
  std::vector<uint8_t> used_;  // features, in the order of the steps' offsets
};

// The models that are built in for this style. That of a messenger's first look is made to decide
// alone, too.
enum class LinkLook : uint8_t { kFirst, kLast };
const char* LinkModelName(ChatStyle style);
std::string_view BuiltInLinkModelText(ChatStyle style, LinkLook look);

}  // namespace idiolect
