#include "irc_corpus.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/file.h"
#include "base/text.h"

namespace idiolect {
namespace {

constexpr std::string_view kEnding = ".ascii.txt";
constexpr int64_t kHalfDay = 12 * 3600;

// Nicks and the people behind them: "is now known as" makes two nicks one person.
class People {
 public:
  explicit People(std::vector<std::string>* nicks) : nicks_(*nicks) { nicks_.assign(1, ""); }

  uint32_t Of(std::string_view nick) {
    const auto [found, added] =
        people_.try_emplace(std::string(nick), static_cast<uint32_t>(nicks_.size()));
    if (added) nicks_.emplace_back(nick);
    return found->second;
  }
  bool Knows(std::string_view nick) const { return people_.contains(std::string(nick)); }
  void Rename(std::string_view from, std::string_view to) {
    const uint32_t person = Of(from);
    if (Knows(to)) return;
    people_.emplace(std::string(to), person);
    nicks_[person] = to;  // under the newest nick they are spoken to
  }

 private:
  std::vector<std::string>& nicks_;
  std::unordered_map<std::string, uint32_t> people_;
};

bool IsServerMessage(std::string_view text) {
  for (const std::string_view part : {"has joined", "has left", "has quit", "is now known as",
                                      "was kicked", "sets mode", "topic"}) {
    if (text.find(part) != std::string_view::npos) return true;
  }
  return false;
}

ChatLine ReadLine(std::string_view row, People& people) {
  ChatLine line;
  line.spoken = false;
  if (row.size() > 9 && row[0] == '[' && row[6] == ']' && row[8] == '<') {
    const size_t end = row.find('>', 10);
    if (end == std::string_view::npos) return line;
    line.author = people.Of(row.substr(9, end - 9));
    line.text = TrimSpace(row.substr(end + 1));
    line.spoken = true;
    return line;
  }
  if (!row.starts_with("=== ")) return line;
  row.remove_prefix(4);
  const size_t space = row.find(' ');
  if (space == std::string_view::npos) return line;
  const std::string_view nick = row.substr(0, space);
  constexpr std::string_view kRename = " is now known as ";
  if (row.substr(space).starts_with(kRename)) {
    people.Rename(nick, TrimSpace(row.substr(space + kRename.size())));
  } else if (!IsServerMessage(row) && people.Knows(nick)) {
    line.author = people.Of(nick);  // what IRC calls an action
    line.text = row.substr(space + 1);
    line.spoken = true;
  }
  return line;
}

void ReadAnnotation(std::string_view text, std::vector<IrcLog::Pair>* pairs) {
  for (const std::string_view row : SplitLines(text)) {
    uint32_t a = 0, b = 0;
    const char* const end = row.data() + row.size();
    const auto first = std::from_chars(row.data(), end, a);
    if (first.ec != std::errc() || first.ptr == end) continue;
    if (std::from_chars(first.ptr + 1, end, b).ec != std::errc()) continue;
    pairs->push_back({std::max(a, b), std::min(a, b)});
  }
}

}  // namespace

Result<IrcLog> ReadIrcLog(const std::filesystem::path& path) {
  IrcLog log;
  const std::string file = path.filename().string();
  log.name = file.substr(0, file.size() - kEnding.size());
  ASSIGN_OR_RETURN(log.text, ReadFile(path));
  People people(&log.nicks);
  int64_t minutes = -1, time = 0;
  const std::string_view text = log.text;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = text.substr(at, end - at);
    ChatLine line = ReadLine(row, people);
    int hours = 0, minute = 0;
    if (row.size() > 6 && row[0] == '[' && row[3] == ':' &&
        std::from_chars(row.data() + 1, row.data() + 3, hours).ec == std::errc() &&
        std::from_chars(row.data() + 4, row.data() + 6, minute).ec == std::errc()) {
      const int64_t now = (hours * 60 + minute) * 60;
      // The clock may be a 12-hour one and has no date: differences count modulo half a day. A
      // step back of a few minutes is a clock set right, not half a day.
      int64_t passed = minutes < 0 ? 0 : ((now - minutes) % kHalfDay + kHalfDay) % kHalfDay;
      if (passed > kHalfDay - 1800) passed = 0;
      time += passed;
      minutes = now;
    }
    line.time = time;
    log.lines.push_back(line);
    at = end + 1;
  }
  const auto annotation = path.parent_path() / (log.name + ".annotation.txt");
  if (Exists(annotation)) {
    ASSIGN_OR_RETURN(const std::string rows, ReadFile(annotation));
    ReadAnnotation(rows, &log.pairs);
  }
  std::erase_if(log.pairs, [&](const IrcLog::Pair& pair) {
    return pair.source >= log.lines.size() || pair.source < log.first_annotated;
  });
  return log;
}

Result<std::vector<IrcLog>> ReadIrcLogs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().ends_with(kEnding)) paths.push_back(entry.path());
  }
  if (error || paths.empty()) {
    return Fail(ErrorKind::kNotFound,
                "reading annotated logs: no NAME.ascii.txt in " + folder.string(),
                "give a folder of the corpus");
  }
  std::sort(paths.begin(), paths.end());
  std::vector<IrcLog> logs;
  for (const auto& path : paths) {
    ASSIGN_OR_RETURN(auto log, ReadIrcLog(path));
    logs.push_back(std::move(log));
  }
  return logs;
}

}  // namespace idiolect
