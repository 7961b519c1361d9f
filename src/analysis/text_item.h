#pragma once
// A message on its way from the thread that reads the database to the one that looks at words.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/collection.h"

namespace idiolect {

struct TextItem {
  MessageId id = 0;
  int64_t time = 0;
  MonthIndex month = 0;
  uint32_t text_at = 0, text_size = 0;
  Voice voice = kOthers;
  bool own_words = false;  // not forwarded, not by a bot, not a command
  bool opens_run = false;
};

struct TextBatch {
  std::vector<TextItem> items;
  std::string buffer;

  std::string_view text(const TextItem& item) const {
    return std::string_view(buffer).substr(item.text_at, item.text_size);
  }
  void Clear() {
    items.clear();
    buffer.clear();
  }
};

// Something a person wrote, kept to be shown.
struct Example {
  MessageId id = 0;
  int64_t time = 0;
  std::string before;  // what somebody else said just before; may be empty
  std::string text;
  double score = 0;  // the better ones are shown
};

// Keeps the best few by score; the earlier of equals.
class BestExamples {
 public:
  explicit BestExamples(size_t most = 6) : most_(most) {}
  bool Wants(double score) const { return kept_.size() < most_ || score > kept_.back().score; }
  void Keep(Example example);
  const std::vector<Example>& kept() const { return kept_; }  // best first

 private:
  size_t most_;
  std::vector<Example> kept_;
};

}  // namespace idiolect
