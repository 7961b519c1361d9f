#include "dataset/pii/replace.h"

#include <algorithm>

namespace idiolect {

void PiiReplacer::BeginDialog() {
  seen_.clear();
}

void PiiReplacer::Append(std::string_view text, std::string* out) {
  if (idle_) {
    *out += text;
    return;
  }
  scanner_.Find(text, &spans_);
  size_t at = 0;
  for (const PiiSpan& span : spans_) {
    ++counts_[static_cast<size_t>(span.kind)];
    if (policy_.of(span.kind) == PiiAction::kKeep) continue;
    out->append(text, at, span.begin - at);
    AppendPlaceholder(span, out);
    at = span.end;
  }
  out->append(text, at);
}

bool PiiReplacer::HoldsDropped(std::string_view text, PiiKind* kind) {
  if (!policy_.Any(PiiAction::kDrop)) return false;
  scanner_.Find(text, &spans_);
  const auto found = std::find_if(spans_.begin(), spans_.end(), [this](const PiiSpan& span) {
    return policy_.of(span.kind) == PiiAction::kDrop;
  });
  if (found == spans_.end()) return false;
  *kind = found->kind;
  return true;
}

void PiiReplacer::AppendPlaceholder(const PiiSpan& span, std::string* out) {
  uint32_t number = 1;
  bool known = false;
  for (const Seen& seen : seen_) {
    if (seen.kind != span.kind) continue;
    if (seen.value == span.value) {
      number = seen.number;
      known = true;
      break;
    }
    number = std::max(number, seen.number + 1);
  }
  // A dialog with hundreds of different values is a list; its placeholders need not be told apart.
  constexpr size_t kMostSeen = 256;
  if (!known && seen_.size() < kMostSeen) seen_.push_back({span.kind, span.value, number});
  *out += '[';
  *out += Say(language_, InfoOf(span.kind).placeholder);
  if (number > 1) *out += " " + std::to_string(number);
  *out += ']';
}

}  // namespace idiolect
