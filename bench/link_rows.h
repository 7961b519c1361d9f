#pragma once
// Rows for tools/links/train.py: what the product's own feature code sees, byte for byte.
//
//   OUT.bytes  kLinkFeatures bytes a row
//   OUT.rows   four little-endian 32-bit numbers a row: group, line, candidate, label
//   OUT.names  the features' names, a line each
//
// A group is the candidates of one line; the label is 1 for what it answers. A line that answers
// nothing among its candidates has no 1.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/file.h"
#include "dialogs/link_features.h"

namespace idiolect {

class LinkRowWriter {
 public:
  static Result<LinkRowWriter> Create(const std::filesystem::path& out);
  // Adds the candidates of those lines of [begin, end) that `wanted` says; `answers` tells whether
  // the line answers the candidate. `group` is that of line 0.
  Status Add(const CandidateTable& candidates, const FeatureBlocks& blocks, uint32_t begin,
             uint32_t end, uint32_t group, const std::function<bool(uint32_t line)>& wanted,
             const std::function<bool(uint32_t line, uint32_t candidate)>& answers);
  Status Commit();

 private:
  LinkRowWriter(PendingFile bytes, PendingFile rows)
      : bytes_(std::move(bytes)), rows_(std::move(rows)) {}
  PendingFile bytes_, rows_;
};

}  // namespace idiolect
