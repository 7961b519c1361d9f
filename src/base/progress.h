#pragma once
// Progress of long work as events, so that library code never prints. The command line shows a bar
// (TerminalProgress); tests and --quiet pass a NoProgress.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/language.h"

namespace idiolect {

// Thread-compatible: one owner thread calls it.
class Progress {
 public:
  virtual ~Progress() = default;
  // `total` is 0 when unknown; `unit` is what is counted, for example "messages" or "bytes". Words
  // are English; the phrases of base/progress_words.h are shown in the user's language.
  virtual void Start(std::string_view what, uint64_t total, std::string_view unit) = 0;
  // `done` is absolute. `note` is shown after the bar, for example "loss 2.31".
  virtual void Update(uint64_t done, std::string_view note = {}) = 0;
  virtual void Finish(std::string_view note = {}) = 0;
  // A line the user should see while work goes on.
  virtual void Warn(std::string_view line) = 0;
};

class NoProgress : public Progress {
 public:
  void Start(std::string_view, uint64_t, std::string_view) override {}
  void Update(uint64_t, std::string_view) override {}
  void Finish(std::string_view) override {}
  void Warn(std::string_view) override {}
};

// Draws a bar with rate and remaining time on stderr when that is a terminal, redrawing at most ten
// times a second; on anything else prints one line at the start and one at the end.
std::unique_ptr<Progress> MakeTerminalProgress(Language language);

}  // namespace idiolect
