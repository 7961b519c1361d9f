#pragma once
// Finds the tokens that are matched as whole strings before anything else is tokenized: control
// tokens ("<|im_end|>") and the ones a vocabulary's maker defined by hand ("<table>", runs of
// spaces). Leftmost, then longest.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace idiolect {

class SpecialTokens {
 public:
  enum class Which { kWithoutControl, kAll };
  struct Match {
    size_t begin = 0;
    size_t length = 0;  // 0: none
    int32_t id = -1;
  };

  // To be called for all tokens before the first Find. An empty text is ignored.
  void Add(std::string_view text, int32_t id, bool control);
  // The first match at or after `from`.
  Match Find(std::string_view text, size_t from, Which which) const;

 private:
  struct Node {
    int32_t id = -1;
    bool control = false;
    std::vector<uint32_t> children;  // node numbers, by their byte
    unsigned char byte = 0;
  };
  uint32_t Child(uint32_t node, unsigned char byte) const;  // 0: none
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::array<uint32_t, 256> roots_ = {};   // children of the root
  std::array<bool, 256> text_roots_ = {};  // those that begin a token that is no control token
};

}  // namespace idiolect
