#pragma once
// The Telegram half of bench/links: exports whose explicit replies are hidden and recovered.

#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

struct TelegramLinkSettings {
  std::vector<std::string> paths;
  std::string rows;         // not empty: write the trainer's rows instead of judging
  std::string labels;       // a table of hand labels to judge unmarked messages by
  std::string prior;        // with labels: write what tools/links/prior.py fits
  std::string print;        // ID/COUNT: print messages from this id on, for labelling
  std::string model;        // not empty: this file instead of the messenger model that is built in
  bool words = false;       // print stems instead
  bool show_marks = false;  // rows: other lines' marks are seen
  int threads = 2;
};

Status RunTelegramLinks(const TelegramLinkSettings& settings);

// Peak memory of this process so far.
double PeakMib();

}  // namespace idiolect
