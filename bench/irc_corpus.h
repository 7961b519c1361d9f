#pragma once
// Reads the annotated IRC logs that bench/links learns from and judges by (data of "A Large-Scale
// Corpus for Conversation Disentanglement", Kummerfeld et al., ACL 2019): NAME.ascii.txt with
// NAME.annotation.txt beside it.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "dialogs/chat_line.h"

namespace idiolect {

struct IrcLog {
  std::string name;
  std::string text;                // the file; `lines` borrow from it
  std::vector<std::string> nicks;  // by author; 0 is nobody
  std::vector<ChatLine> lines;
  struct Pair {
    uint32_t source = 0, target = 0;  // the same: it starts a conversation
  };
  std::vector<Pair> pairs;          // annotated; empty when there is no annotation
  uint32_t first_annotated = 1000;  // lines before are context
};

// Reads one NAME.ascii.txt and, if it is there, its annotation.
Result<IrcLog> ReadIrcLog(const std::filesystem::path& path);
// All of a folder, in order of name.
Result<std::vector<IrcLog>> ReadIrcLogs(const std::filesystem::path& folder);

}  // namespace idiolect
