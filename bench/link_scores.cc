#include "link_scores.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace idiolect {
namespace {

double Percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}
double Mean(double p, double r) {
  return p + r == 0 ? 0 : 2 * p * r / (p + r);
}

// Line → the smallest line of its component.
std::map<uint32_t, uint32_t> Components(const LinkPairs& pairs) {
  std::map<uint32_t, uint32_t> parent;
  const auto root = [&](uint32_t line) {
    while (parent[line] != line) line = parent[line] = parent[parent[line]];
    return line;
  };
  for (const auto& [a, b] : pairs) {
    parent.try_emplace(a, a);
    parent.try_emplace(b, b);
    const uint32_t x = root(a), y = root(b);
    parent[std::max(x, y)] = std::min(x, y);
  }
  std::map<uint32_t, uint32_t> component;
  for (const auto& [line, unused] : parent) component[line] = root(line);
  return component;
}

std::set<std::vector<uint32_t>> Conversations(const std::map<uint32_t, uint32_t>& component) {
  std::map<uint32_t, std::vector<uint32_t>> lines;
  for (const auto& [line, of] : component) lines[of].push_back(line);
  std::set<std::vector<uint32_t>> conversations;
  for (auto& [of, members] : lines) {
    if (members.size() >= 2) conversations.insert(std::move(members));
  }
  return conversations;
}

}  // namespace

void LinkScores::AddFile(const LinkPairs& gold, const LinkPairs& links, const LinkPairs& joins) {
  const std::set<std::pair<uint32_t, uint32_t>> truth(gold.begin(), gold.end());
  const std::set<std::pair<uint32_t, uint32_t>> found(links.begin(), links.end());
  gold_ += static_cast<int64_t>(truth.size());
  found_ += static_cast<int64_t>(found.size());
  for (const auto& pair : found) right_ += truth.contains(pair);

  auto of_truth = Components(gold), of_found = Components(joins);
  const auto true_conversations = Conversations(of_truth);
  const auto found_conversations = Conversations(of_found);
  gold_conversations_ += static_cast<int64_t>(true_conversations.size());
  found_conversations_ += static_cast<int64_t>(found_conversations.size());
  for (const auto& conversation : found_conversations) {
    right_conversations_ += true_conversations.contains(conversation);
  }

  // A line that only one side knows stands alone on the other.
  for (const auto& [line, unused] : of_truth) of_found.try_emplace(line, line);
  for (const auto& [line, unused] : of_found) of_truth.try_emplace(line, line);
  std::map<uint32_t, double> sizes_truth, sizes_found;
  std::map<std::pair<uint32_t, uint32_t>, double> both;
  for (const auto& [line, truth_of] : of_truth) {
    ++sizes_truth[truth_of];
    ++sizes_found[of_found[line]];
    ++both[{truth_of, of_found[line]}];
  }
  for (const auto& [pair, count] : both) {
    information_ -= count * (std::log2(count / sizes_truth[pair.first]) +
                             std::log2(count / sizes_found[pair.second]));
  }
  lines_ += static_cast<int64_t>(of_truth.size());
}

double LinkScores::link_p() const {
  return Percent(right_, found_);
}
double LinkScores::link_r() const {
  return Percent(right_, gold_);
}
double LinkScores::link_f() const {
  return Mean(link_p(), link_r());
}
double LinkScores::conv_p() const {
  return Percent(right_conversations_, found_conversations_);
}
double LinkScores::conv_r() const {
  return Percent(right_conversations_, gold_conversations_);
}
double LinkScores::conv_f() const {
  return Mean(conv_p(), conv_r());
}
double LinkScores::vi() const {
  if (lines_ < 2) return 100;
  const auto n = static_cast<double>(lines_);
  return 100 * (1 - information_ / n / std::log2(n));
}

}  // namespace idiolect
