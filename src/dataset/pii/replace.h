#pragma once
// Typed placeholders in the place of personal data: "[телефон]", and "[телефон 2]" for the next one
// of the same dialog. Equal values have equal placeholders within a dialog.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/language.h"
#include "dataset/pii/kinds.h"
#include "dataset/pii/scanner.h"

namespace idiolect {

using PiiCounts = std::array<int64_t, kPiiKinds>;

// Thread-compatible. The lexicon must outlive it.
class PiiReplacer {
 public:
  PiiReplacer(const PiiLexicon& lexicon, const PiiPolicy& policy, Language language)
      : scanner_(lexicon),
        policy_(policy),
        language_(language),
        idle_(!policy.Any(PiiAction::kReplace) && !policy.Any(PiiAction::kDrop)) {}

  // Placeholders are numbered from one again.
  void BeginDialog();
  // Appends `text` to *out with everything replaced that is not to be kept. The answers to be
  // dropped never come here; in prompts their kinds are replaced too.
  void Append(std::string_view text, std::string* out);
  // Whether `text` holds something of a kind that is to be dropped, and which. Counts nothing.
  bool HoldsDropped(std::string_view text, PiiKind* kind);
  // Of all that was appended so far, kept kinds too.
  const PiiCounts& counts() const { return counts_; }

 private:
  void AppendPlaceholder(const PiiSpan& span, std::string* out);

  struct Seen {
    PiiKind kind;
    uint64_t value;
    uint32_t number;
  };
  PiiScanner scanner_;
  const PiiPolicy policy_;
  const Language language_;
  const bool idle_;  // nothing is replaced: nothing is looked for
  std::vector<PiiSpan> spans_;
  std::vector<Seen> seen_;
  PiiCounts counts_{};
};

}  // namespace idiolect
