#include "dataset/pii/kinds.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr PiiKindInfo kTable[] = {
    {PiiKind::kPhone, "phone", {"phone", "телефон"}},
    {PiiKind::kEmail, "email", {"email", "почта"}},
    {PiiKind::kCard, "card", {"card", "карта"}},
    {PiiKind::kCvv, "cvv", {"card code", "код карты"}},
    {PiiKind::kPassport, "passport", {"passport", "паспорт"}},
    {PiiKind::kInn, "inn", {"tax number", "ИНН"}},
    {PiiKind::kSnils, "snils", {"insurance number", "СНИЛС"}},
    {PiiKind::kOgrn, "ogrn", {"register number", "ОГРН"}},
    {PiiKind::kKpp, "kpp", {"KPP", "КПП"}},
    {PiiKind::kBik, "bik", {"bank code", "БИК"}},
    {PiiKind::kAccount, "account", {"account", "счёт"}},
    {PiiKind::kBirthDate, "birth_date", {"date of birth", "дата рождения"}},
    {PiiKind::kAddress, "address", {"address", "адрес"}},
    {PiiKind::kCar, "car", {"car number", "номер машины"}},
    {PiiKind::kIp, "ip", {"IP", "IP"}},
    {PiiKind::kUsername, "username", {"username", "ник"}},
    {PiiKind::kLink, "link", {"link", "ссылка"}},
    {PiiKind::kIban, "iban", {"IBAN", "IBAN"}},
    {PiiKind::kSsn, "ssn", {"SSN", "SSN"}},
    {PiiKind::kName, "name", {"name", "имя"}},
    {PiiKind::kDocument, "document", {"document", "документ"}},
    {PiiKind::kCertificate, "certificate", {"certificate", "свидетельство"}},
    {PiiKind::kPolicy, "policy", {"policy", "полис"}},
    {PiiKind::kProperty, "property", {"property number", "кадастровый номер"}},
    {PiiKind::kGeo, "geo", {"place", "координаты"}},
    {PiiKind::kWallet, "wallet", {"wallet", "кошелёк"}},
    {PiiKind::kLogin, "login", {"login", "логин"}},
    {PiiKind::kSecret, "secret", {"secret", "секрет"}},
};
static_assert(std::size(kTable) == kPiiKinds);

constexpr const char* kActions[] = {"keep", "replace", "drop"};

std::optional<PiiAction> ActionOf(std::string_view word) {
  for (size_t i = 0; i < std::size(kActions); ++i) {
    if (word == kActions[i]) return static_cast<PiiAction>(i);
  }
  return std::nullopt;
}

tl::unexpected<Error> Unknown(std::string_view word, const char* what,
                              const std::vector<std::string>& known) {
  const auto close = Closest(word, known, 1);
  return Fail(ErrorKind::kMisuse,
              "reading --pii: \"" + std::string(word) + "\" is no " + what + " it knows",
              close.empty() ? "for example --pii replace,phone=keep,name=drop"
                            : "did you mean " + close.front() + "?");
}

}  // namespace

std::span<const PiiKindInfo> PiiKindTable() {
  return kTable;
}

const PiiKindInfo& InfoOf(PiiKind kind) {
  return kTable[static_cast<size_t>(kind)];
}

PiiPolicy::PiiPolicy() {
  SetAll(PiiAction::kReplace);
  Set(PiiKind::kSecret, PiiAction::kDrop);
  Set(PiiKind::kCvv, PiiAction::kDrop);
}

Result<PiiPolicy> PiiPolicy::Parse(std::string_view text) {
  PiiPolicy policy;
  const std::vector<std::string> actions(std::begin(kActions), std::end(kActions));
  bool first = true;
  for (; first || !text.empty(); first = false) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view word = TrimSpace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      const auto action = ActionOf(word);
      if (!action) return Unknown(word, "action", actions);
      // "replace" is the default, secrets dropped and all; the other two mean every kind.
      policy = PiiPolicy();
      if (*action != PiiAction::kReplace) policy.SetAll(*action);
      continue;
    }
    const std::string_view name = TrimSpace(word.substr(0, equals));
    const auto action = ActionOf(TrimSpace(word.substr(equals + 1)));
    if (!action) return Unknown(TrimSpace(word.substr(equals + 1)), "action", actions);
    const auto* info = std::find_if(std::begin(kTable), std::end(kTable),
                                    [name](const PiiKindInfo& row) { return name == row.name; });
    if (info == std::end(kTable)) {
      std::vector<std::string> names;
      for (const PiiKindInfo& row : kTable) names.emplace_back(row.name);
      return Unknown(name, "kind", names);
    }
    policy.Set(info->kind, *action);
  }
  return policy;
}

bool PiiPolicy::Any(PiiAction action) const {
  return std::find(actions_.begin(), actions_.end(), action) != actions_.end();
}

std::string PiiPolicy::ToText() const {
  std::string shortest;
  for (const PiiAction base : {PiiAction::kReplace, PiiAction::kKeep, PiiAction::kDrop}) {
    PiiPolicy from;
    if (base != PiiAction::kReplace) from.SetAll(base);
    std::string text = kActions[static_cast<size_t>(base)];
    for (const PiiKindInfo& row : kTable) {
      if (of(row.kind) == from.of(row.kind)) continue;
      text += std::string(",") + row.name + "=" + kActions[static_cast<size_t>(of(row.kind))];
    }
    if (shortest.empty() || text.size() < shortest.size()) shortest = text;
  }
  return shortest;
}

}  // namespace idiolect
