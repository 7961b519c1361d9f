#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/progress_words.h"
#include "base/text.h"

namespace idiolect {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string Duration(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  char text[32];
  if (whole < 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return text;
}

// 1234567 "bytes" reads better as 1.2 MB.
std::string Amount(double count, std::string_view unit) {
  char text[48];
  if (unit == "bytes") {
    if (count < 1e6) {
      std::snprintf(text, sizeof text, "%.0f kB", count / 1e3);
    } else if (count < 1e9) {
      std::snprintf(text, sizeof text, "%.1f MB", count / 1e6);
    } else {
      std::snprintf(text, sizeof text, "%.2f GB", count / 1e9);
    }
    return text;
  }
  if (count < 10 && count != static_cast<double>(static_cast<long>(count))) {
    std::snprintf(text, sizeof text, "%.2f ", count);
    return text + std::string(unit);
  }
  return GroupDigits(static_cast<int64_t>(count)) + " " + std::string(unit);
}

class TerminalProgress : public Progress {
 public:
  explicit TerminalProgress(Language language)
      : language_(language), terminal_(::isatty(STDERR_FILENO) != 0) {}
  ~TerminalProgress() override {
    if (drawn_) std::fputc('\n', stderr);
  }

  void Start(std::string_view what, uint64_t total, std::string_view unit) override {
    what_ = ProgressWords(language_, what);
    unit_ = unit == "bytes" ? "bytes" : ProgressWords(language_, unit);
    total_ = total;
    done_ = 0;
    started_ = SteadyClock::now();
    last_drawn_ = {};
    if (!terminal_) {
      std::fprintf(stderr, "%s …\n", what_.c_str());
    } else {
      Draw({});
    }
  }

  void Update(uint64_t done, std::string_view note) override {
    done_ = done;
    if (!terminal_) return;
    const auto now = SteadyClock::now();
    if (now - last_drawn_ < std::chrono::milliseconds(100)) return;
    last_drawn_ = now;
    Draw(note);
  }

  void Finish(std::string_view note) override {
    const double seconds = Elapsed();
    std::string line = what_ + ": " + Amount(static_cast<double>(std::max(done_, total_)), unit_) +
                       ", " + Duration(seconds);
    if (!note.empty()) line += ", " + ProgressWords(language_, note);
    if (terminal_) std::fputs("\r\033[K", stderr);
    std::fprintf(stderr, "%s\n", line.c_str());
    drawn_ = false;
  }

  void Warn(std::string_view line) override {
    if (drawn_) std::fputs("\r\033[K", stderr);
    std::fprintf(stderr, "%s\n", ProgressWords(language_, line).c_str());
    drawn_ = false;
  }

 private:
  double Elapsed() const {
    return std::chrono::duration<double>(SteadyClock::now() - started_).count();
  }

  static int Columns() {
    winsize size = {};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
  }

  void Draw(std::string_view note) {
    const double seconds = Elapsed();
    const double rate = seconds > 0.2 ? static_cast<double>(done_) / seconds : 0;
    std::string line = what_ + " ";
    if (total_ > 0) {
      const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
      constexpr int kWidth = 24;
      const int filled = static_cast<int>(share * kWidth);
      line += "[";
      for (int i = 0; i < kWidth; ++i) line += i < filled ? "█" : "·";
      char percent[16];
      std::snprintf(percent, sizeof percent, "] %3.0f %%", share * 100);
      line += percent;
      if (rate > 0 && share > 0.005) {
        const double left = static_cast<double>(total_ - std::min(done_, total_)) / rate;
        line += " " + Amount(rate, unit_) + Say(language_, {"/s, ", "/с, "}) +
                Say(language_, {"", "осталось "}) + Duration(left) + Say(language_, {" left", ""});
      }
    } else {
      line += Amount(static_cast<double>(done_), unit_);
    }
    if (!note.empty()) line += "  " + ProgressWords(language_, note);
    // A line longer than the terminal would wrap and leave its first half behind.
    const auto columns = static_cast<size_t>(Columns());
    size_t at = 0, shown = 0;
    while (at < line.size() && shown + 1 < columns) {
      NextCodePoint(line, &at);
      ++shown;
    }
    std::fprintf(stderr, "\r%.*s\033[K", static_cast<int>(at), line.c_str());
    std::fflush(stderr);
    drawn_ = true;
  }

  const Language language_;
  const bool terminal_;
  std::string what_, unit_;
  uint64_t total_ = 0, done_ = 0;
  SteadyClock::time_point started_, last_drawn_;
  bool drawn_ = false;
};

}  // namespace

std::unique_ptr<Progress> MakeTerminalProgress(Language language) {
  return std::make_unique<TerminalProgress>(language);
}

}  // namespace idiolect
