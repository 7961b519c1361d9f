#pragma once
// For a word table (tools/links/words.py): how many lines hold each stem, of those that twenty
// people or more used. So no word of one person or a few ever gets into a model.

#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "dialogs/line_words.h"

namespace idiolect {

struct StemCounts {
  struct Count {
    uint32_t lines = 0;
    uint64_t last = 0;
    std::set<uint64_t> people;
  };
  std::map<std::string, Count> stems;
  uint64_t line = 0, person = 0;

  void Add(std::string_view text, uint64_t author) {
    ++line;
    person = author;
    ForEachStem(
        text,
        [](void* context, const std::string& stem) {
          auto& self = *static_cast<StemCounts*>(context);
          Count& count = self.stems[stem];
          if (count.last != self.line) ++count.lines;
          count.last = self.line;
          if (count.people.size() < 20) count.people.insert(self.person);
        },
        this);
  }
  void Print() const {
    std::printf("%llu\n", static_cast<unsigned long long>(line));
    for (const auto& [stem, count] : stems) {
      if (count.people.size() >= 20) std::printf("%s %u\n", stem.c_str(), count.lines);
    }
  }
};

}  // namespace idiolect
