#include "link_rows.h"

#include <string>

namespace idiolect {

Result<LinkRowWriter> LinkRowWriter::Create(const std::filesystem::path& out) {
  std::string names;
  for (int f = 0; f < kLinkFeatures; ++f) names += std::string(LinkFeatureName(f)) + "\n";
  RETURN_IF_ERROR(PublishFile(out.string() + ".names", names));
  ASSIGN_OR_RETURN(auto bytes, PendingFile::Create(out.string() + ".bytes"));
  ASSIGN_OR_RETURN(auto rows, PendingFile::Create(out.string() + ".rows"));
  return LinkRowWriter(std::move(bytes), std::move(rows));
}

Status LinkRowWriter::Add(const CandidateTable& candidates, const FeatureBlocks& blocks,
                          uint32_t begin, uint32_t end, uint32_t group,
                          const std::function<bool(uint32_t)>& wanted,
                          const std::function<bool(uint32_t, uint32_t)>& answers) {
  std::string bytes, rows;
  for (uint32_t line = begin; line < end; ++line) {
    if (!wanted(line)) continue;
    for (uint32_t i = candidates.begin(line); i < candidates.end(line); ++i) {
      const uint32_t candidate = candidates.of(line)[i - candidates.begin(line)];
      for (int f = 0; f < kLinkFeatures; ++f) {
        bytes += static_cast<char>(blocks.at(i, f));
      }
      const uint32_t row[4] = {group + line, line, candidate, answers(line, candidate) ? 1u : 0u};
      rows.append(reinterpret_cast<const char*>(row), sizeof row);
    }
  }
  RETURN_IF_ERROR(bytes_.Write(bytes));
  return rows_.Write(rows);
}

Status LinkRowWriter::Commit() {
  RETURN_IF_ERROR(bytes_.Commit());
  return rows_.Commit();
}

}  // namespace idiolect
