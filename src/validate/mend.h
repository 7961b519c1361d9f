#pragma once
// Mends a training file as far as that can be done without inventing words: takes away what is not
// allowed, renames what has another name here, leaves out what cannot be saved, and tells each. The
// result has no fault of severity "error" in any line.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/language.h"
#include "base/result.h"

namespace idiolect {

enum class MendKind {
  kByteOrderMarkRemoved,
  kBlankLineRemoved,
  kBytesRepaired,
  kDuplicateKeyRemoved,
  kKeyRemoved,
  kExampleKeyRemoved,
  kRoleRenamed,
  kContentMadeText,
  kMessageDropped,
  kWeightMended,
  kNameMended,
  kEndCut,
  kLineDropped,
};
constexpr size_t kMendKinds = static_cast<size_t>(MendKind::kLineDropped) + 1;

struct MendRow {
  MendKind kind;
  const char* code;
  Text meaning;
};
const MendRow& RowOf(MendKind kind);

struct Mended {
  MendKind kind;
  size_t line = 0;     // of the old file
  std::string detail;  // of a dropped line: the code of the fault that could not be mended
};

struct MendResult {
  std::string bytes;         // the new file
  std::vector<Mended> done;  // in the old file's order
  size_t lines_kept = 0, lines_changed = 0;

  size_t Count(MendKind kind) const;
};

MendResult MendBytes(std::string_view bytes);
// Publishes the mended file as `out`; the old one stays as it is. kMisuse when both are one file.
Result<MendResult> MendFile(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace idiolect
