#pragma once
// The kinds of personal data idiolect knows, and what is to be done with each. One table names them
// for the command line, the manifest, the report and the placeholders.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/language.h"
#include "base/result.h"

namespace idiolect {

// Persisted by name, not by number.
enum class PiiKind : uint8_t {
  kPhone,
  kEmail,
  kCard,
  kCvv,
  kPassport,
  kInn,
  kSnils,
  kOgrn,  // and ОГРНИП, ОКПО, LEI: registers of companies and entrepreneurs
  kKpp,
  kBik,
  kAccount,
  kBirthDate,  // of birth or death
  kAddress,
  kCar,  // number plates and VIN
  kIp,
  kUsername,
  kLink,  // a link that lets its holder in, or leads to a person
  kIban,
  kSsn,
  kName,
  kDocument,     // driving licences, military and residence papers, diplomas
  kCertificate,  // of birth or marriage
  kPolicy,       // insurance
  kProperty,     // cadastral and registration numbers
  kGeo,
  kWallet,
  kLogin,
  kSecret,  // passwords, tokens, keys, seed phrases
};
constexpr size_t kPiiKinds = static_cast<size_t>(PiiKind::kSecret) + 1;

struct PiiKindInfo {
  PiiKind kind;
  const char* name;  // on the command line and in JSON
  Text placeholder;  // without its brackets
};
// In order of number.
std::span<const PiiKindInfo> PiiKindTable();
const PiiKindInfo& InfoOf(PiiKind kind);

enum class PiiAction : uint8_t {
  kKeep,
  kReplace,  // by a placeholder
  kDrop,     // an answer that holds it is left out; in prompts it is replaced
};

// What to do with each kind. The default replaces everything and leaves out answers with secrets:
// what remains of such an answer is worth nothing, and a missed half of a secret costs much.
class PiiPolicy {
 public:
  PiiPolicy();
  // "keep", "replace" or "drop" for all kinds, or a list such as "replace,phone=keep,name=drop",
  // from left to right. kMisuse names the word that is not known, and the closest.
  static Result<PiiPolicy> Parse(std::string_view text);

  PiiAction of(PiiKind kind) const { return actions_[static_cast<size_t>(kind)]; }
  void Set(PiiKind kind, PiiAction action) { actions_[static_cast<size_t>(kind)] = action; }
  void SetAll(PiiAction action) { actions_.fill(action); }
  bool Any(PiiAction action) const;
  // The shortest text that Parse reads back to this.
  std::string ToText() const;

 private:
  std::array<PiiAction, kPiiKinds> actions_;
};

}  // namespace idiolect
