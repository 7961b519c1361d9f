#include "dialogs/link_model.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <span>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr size_t kMostLeaves = 32;
constexpr size_t kMostTrees = 4000;

std::string_view NextToken(std::string_view* rest) {
  while (!rest->empty() && rest->front() == ' ') rest->remove_prefix(1);
  const std::string_view token = rest->substr(0, rest->find(' '));
  rest->remove_prefix(token.size());
  return token;
}

template <typename T>
bool Number(std::string_view text, T* value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return fault == std::errc() && end == text.data() + text.size();
}

double LinkSettings::*SettingOf(std::string_view name) {
  struct Named {
    std::string_view name;
    double LinkSettings::*setting;
  };
  using S = LinkSettings;
  constexpr Named kSettings[] = {
      {"unit", &S::unit},
      {"margin", &S::margin},
      {"conversation_margin", &S::conversation_margin},
      {"temperature", &S::temperature},
      {"second", &S::second},
      {"start", &S::start},
      {"start_silence", &S::start_silence},
      {"start_greets", &S::start_greets},
      {"start_asks", &S::start_asks},
      {"near_lines", &S::near_lines},
      {"near_time", &S::near_time},
      {"near_own", &S::near_own},
      {"near_previous", &S::near_previous},
  };
  for (const Named& known : kSettings) {
    if (known.name == name) return known.setting;
  }
  return nullptr;
}

}  // namespace

// Reads a model file; kept apart from the model, which is constant.
struct LinkModelReader {
  LinkModel model;
  std::vector<uint8_t> features;  // ours, by the file's number
  size_t line = 0;

  tl::unexpected<Error> Fault(const std::string& what) const {
    return Fail(ErrorKind::kBadInput,
                "reading a link model: line " + std::to_string(line) + ": " + what,
                "make the file again with tools/links/train.py");
  }

  Status ReadFeatures(std::string_view rest) {
    for (auto name = NextToken(&rest); !name.empty(); name = NextToken(&rest)) {
      int found = -1;
      for (int f = 0; f < kLinkFeatures && found < 0; ++f) {
        if (LinkFeatureName(f) == name) found = f;
      }
      if (found < 0) return Fault("there is no feature '" + std::string(name.substr(0, 40)) + "'");
      features.push_back(static_cast<uint8_t>(found));
    }
    return {};
  }

  Status ReadTree(std::string_view text) {
    LinkModel::Tree tree;
    tree.nodes_begin = static_cast<uint32_t>(model.nodes_.size());
    tree.leaves_begin = static_cast<uint32_t>(model.leaves_.size());
    std::string_view rest = text;
    std::string_view token = NextToken(&rest);
    for (; !token.empty() && token != "|"; token = NextToken(&rest)) {
      int numbers[4] = {};
      for (int i = 0; i < 4; ++i) {
        const std::string_view part = token.substr(0, token.find(':'));
        if (!Number(part, &numbers[i])) return Fault("a node is not four numbers");
        token.remove_prefix(std::min(token.size(), part.size() + 1));
      }
      if (numbers[0] < 0 || static_cast<size_t>(numbers[0]) >= features.size() || numbers[1] < 0 ||
          numbers[1] > 255 || numbers[2] < -32 || numbers[2] > 31 || numbers[3] < -32 ||
          numbers[3] > 31) {
        return Fault("a node is out of range");
      }
      model.nodes_.push_back({features[static_cast<size_t>(numbers[0])],
                              static_cast<uint8_t>(numbers[1]), static_cast<int8_t>(numbers[2]),
                              static_cast<int8_t>(numbers[3]), 0, 0});
    }
    if (token != "|") return Fault("a tree has no leaves");
    for (token = NextToken(&rest); !token.empty(); token = NextToken(&rest)) {
      int value = 0;
      if (!Number(token, &value) || value < INT16_MIN || value > INT16_MAX) {
        return Fault("a leaf is not a whole number of 16 bits");
      }
      model.leaves_.push_back(static_cast<int16_t>(value));
    }
    tree.nodes_end = static_cast<uint32_t>(model.nodes_.size());
    const size_t nodes = tree.nodes_end - tree.nodes_begin;
    const size_t leaves = model.leaves_.size() - tree.leaves_begin;
    if (leaves != nodes + 1 || leaves > kMostLeaves) {
      return Fault("a tree of " + std::to_string(nodes) + " nodes has " + std::to_string(leaves) +
                   " leaves");
    }
    uint8_t next_leaf = 0;
    size_t visited = 0;
    if (nodes > 0 &&
        (!NumberLeaves(tree, 0, &next_leaf, &visited) || visited != nodes || next_leaf != leaves)) {
      return Fault("a tree's nodes and leaves are not in order");
    }
    tree.groups = static_cast<uint32_t>((leaves + 7) / 8);
    model.leaves_.resize(tree.leaves_begin + kMostLeaves, 0);
    model.trees_.push_back(tree);
    return {};
  }

  // Numbers the leaves below a node from left to right and checks that they come in that order.
  bool NumberLeaves(const LinkModel::Tree& tree, int node, uint8_t* next_leaf, size_t* visited) {
    const size_t nodes = tree.nodes_end - tree.nodes_begin;
    if (static_cast<size_t>(node) >= nodes || ++*visited > nodes) return false;
    LinkModel::Node& at = model.nodes_[tree.nodes_begin + static_cast<size_t>(node)];
    at.leaves_begin = *next_leaf;
    if (!Below(tree, at.left, next_leaf, visited)) return false;
    at.leaves_end = *next_leaf;
    return Below(tree, at.right, next_leaf, visited);
  }
  bool Below(const LinkModel::Tree& tree, int child, uint8_t* next_leaf, size_t* visited) {
    if (child > 0) return NumberLeaves(tree, child, next_leaf, visited);
    if (child == 0 || -1 - child != *next_leaf) return false;
    ++*next_leaf;
    return true;
  }

  // A node's leaves to the left of it, those of one group of eight.
  static uint8_t LeftOf(const LinkModel::Node& node, unsigned group) {
    unsigned left = 0;
    for (unsigned leaf = node.leaves_begin; leaf < node.leaves_end; ++leaf) {
      if (leaf / 8 == group) left |= 1u << leaf % 8;
    }
    return node.threshold == 255 ? 0 : static_cast<uint8_t>(left);
  }

  // The trees as what each group of eight leaves sees of them.
  void MakeSteps() {
    model.used_ = features;
    std::sort(model.used_.begin(), model.used_.end());
    model.used_.erase(std::unique(model.used_.begin(), model.used_.end()), model.used_.end());
    std::map<uint8_t, size_t> places;
    for (size_t i = 0; i < model.used_.size(); ++i) places[model.used_[i]] = i;

    // Trees with equal numbers of steps stand together: how long a loop runs is then foreseen.
    const auto nodes_of = [&](const LinkModel::Tree& tree) {
      return std::span(model.nodes_).subspan(tree.nodes_begin, tree.nodes_end - tree.nodes_begin);
    };
    const auto steps_of = [&](const LinkModel::Tree& tree) {
      std::array<ptrdiff_t, 4> steps = {};
      for (unsigned group = 0; group < 4; ++group) {
        const auto nodes = nodes_of(tree);
        steps[group] = std::count_if(nodes.begin(), nodes.end(), [&](const LinkModel::Node& node) {
          return LeftOf(node, group) != 0;
        });
      }
      return steps;
    };
    std::stable_sort(model.trees_.begin(), model.trees_.end(),
                     [&](const LinkModel::Tree& a, const LinkModel::Tree& b) {
                       return steps_of(a) < steps_of(b);
                     });
    for (LinkModel::Tree& tree : model.trees_) {
      for (unsigned group = 0; group < 4; ++group) {
        for (const LinkModel::Node& node : nodes_of(tree)) {
          const uint8_t left = LeftOf(node, group);
          if (left == 0) continue;
          model.steps_.push_back(
              {static_cast<uint16_t>(places[node.feature] * FeatureBlocks::kLanes),
               static_cast<int8_t>(node.threshold + 1 - 128), static_cast<int8_t>(~left)});
        }
        tree.steps_end[group] = static_cast<uint32_t>(model.steps_.size());
      }
      for (uint32_t half = 0; half < kMostLeaves; half += 16) {
        for (const unsigned shift : {0u, 8u}) {
          for (uint32_t i = 0; i < 16; ++i) {
            const auto leaf =
                static_cast<uint32_t>(model.leaves_[tree.leaves_begin + half + i] + (1 << 15));
            model.planes_.push_back(static_cast<uint8_t>(leaf >> shift));
          }
        }
      }
    }
  }

  Status Read(std::string_view text) {
    size_t trees = 0;
    bool body = false;
    for (const std::string_view row : SplitLines(text)) {
      ++line;
      if (row.empty()) continue;
      if (body) {
        RETURN_IF_ERROR(ReadTree(row));
        continue;
      }
      std::string_view rest = row;
      const std::string_view key = NextToken(&rest);
      std::string_view value_text = rest;
      const std::string_view value = NextToken(&value_text);
      if (line == 1) {
        if (row != "idiolect-links 1") return Fault("this is no link model of version 1");
      } else if (key == "style") {
        if (value != "nicks" && value != "messenger") return Fault("unknown style");
        model.style_ = value == "nicks" ? ChatStyle::kNicks : ChatStyle::kMessenger;
      } else if (key == "features") {
        RETURN_IF_ERROR(ReadFeatures(rest));
      } else if (key == "trees") {
        if (!Number(value, &trees) || trees == 0 || trees > kMostTrees)
          return Fault("how many trees?");
        body = true;
      } else {
        double number = 0;
        if (!Number(value, &number)) return Fault("a setting has no number");
        double LinkSettings::*setting = SettingOf(key);
        if (setting == nullptr) {
          return Fault("there is no setting '" + std::string(key.substr(0, 40)) + "'");
        }
        model.settings_.*setting = number;
      }
    }
    if (!body || model.trees_.size() != trees) {
      return Fault("it has " + std::to_string(model.trees_.size()) + " trees of " +
                   std::to_string(trees));
    }
    if (!(model.settings_.unit > 0)) return Fault("its unit is missing");
    if (!(model.settings_.temperature > 0)) return Fault("its temperature is not above 0");
    MakeSteps();
    return {};
  }
};

Result<LinkModel> LinkModel::Parse(std::string_view text) {
  LinkModelReader reader;
  RETURN_IF_ERROR(reader.Read(text));
  return std::move(reader.model);
}

int32_t LinkModel::ScoreOne(const FeatureBlocks& blocks, size_t candidate) const {
  int32_t sum = 0;
  for (const Tree& tree : trees_) {
    int at = tree.nodes_begin == tree.nodes_end ? -1 : 0;
    while (at >= 0) {
      const Node& node = nodes_[tree.nodes_begin + static_cast<uint32_t>(at)];
      at = blocks.at(candidate, node.feature) <= node.threshold ? node.left : node.right;
    }
    sum += leaves_[tree.leaves_begin + static_cast<uint32_t>(-1 - at)];
  }
  return sum;
}

const char* LinkModelName(ChatStyle style) {
  return style == ChatStyle::kNicks ? "irc" : "messenger";
}

}  // namespace idiolect
