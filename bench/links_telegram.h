#pragma once
// The Telegram half of bench/links: exports whose explicit replies are hidden and recovered.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dialogs/linker.h"

namespace idiolect {

struct TelegramLinkSettings {
  std::vector<std::string> paths;
  std::string rows;    // not empty: write the trainer's rows instead of judging
  std::string labels;  // a table of hand labels to judge unmarked messages by
  std::string prior;   // with labels: write what tools/links/prior.py fits
  std::string print;   // ID/COUNT: print messages from this id on, for labelling
  std::string model;   // not empty: this file instead of the messenger model that is built in
  std::string first;   // the model of the first look, for `rows` and `model`
  bool words = false;  // print stems instead
  uint32_t folds = 1;  // hide one reply in so many at a time, too; rows: only so
  int threads = 2, looks = 1;
};

// The models that are built in, but for those of one style when `model` or `first` names a file.
Result<std::unique_ptr<LinkKnowledge>> ReadKnowledge(ChatStyle style, const std::string& first,
                                                     const std::string& model,
                                                     MessengerLooks looks = MessengerLooks::kOne);

Status RunTelegramLinks(const TelegramLinkSettings& settings);

// Peak memory of this process so far.
double PeakMib();

}  // namespace idiolect
