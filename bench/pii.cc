// Recall and false hits of the personal-data scanner on labelled files: bench_pii FILE…
//
// Two formats, told apart by the first character:
//   lines of {"matcher": kind, "case": name, "expected": ">=1" | "==0" | …, "text": …}: how many
//     times a kind must be found in a text;
//   a list of {"full_text": …, "spans": [{"entity_type", "start_position", "end_position"}]}, with
//     positions in characters: what must be covered.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "dataset/pii/scanner.h"

namespace {

using idiolect::PiiKind;
using Json = nlohmann::ordered_json;

struct KindRow {
  const char* label;  // of the file
  // Any of these covers it; the first alone is a false hit where nothing should be found. Empty: no
  // identifier, not looked for.
  std::vector<PiiKind> kinds;
  bool counted = true;  // in the totals that have a target
};

const std::vector<KindRow>& Kinds() {
  using K = PiiKind;
  static const std::vector<KindRow> rows = {
      {"Address", {K::kAddress}},
      {"BankAccount", {K::kAccount}},
      {"BankAccountLE", {K::kAccount}},
      {"SberBook", {K::kAccount}},
      {"BIK", {K::kBik}},
      {"KPP", {K::kKpp}},
      {"Birthday", {K::kBirthDate}},
      {"DeathDate", {K::kBirthDate}},
      {"CVV", {K::kCvv}},
      {"CadastralNumber", {K::kProperty}},
      {"StateRegContract", {K::kProperty}},
      {"CardNumber", {K::kCard}},
      {"Certificate", {K::kCertificate}},
      {"CryptoSeedPhrase", {K::kSecret}},
      {"CryptoWallet", {K::kWallet, K::kSecret}},
      {"DriverLicense", {K::kDocument, K::kPassport}},
      {"EducationDoc", {K::kDocument}},
      {"EducationLicense", {K::kDocument}},
      {"ExecDocNumber", {K::kDocument}},
      {"MilitaryID", {K::kDocument}},
      {"ResidencePermit", {K::kDocument}},
      {"Email", {K::kEmail}},
      {"FullName", {K::kName}},
      {"Geo", {K::kGeo}},
      {"HashData", {K::kSecret}},
      {"INN", {K::kInn}},
      {"IPv4", {K::kIp}},
      {"IPv6", {K::kIp}},
      {"LegalEntityId", {K::kOgrn}},
      {"Login", {K::kLogin}},
      {"OGRN", {K::kOgrn}},
      {"OGRNIP", {K::kOgrn}},
      {"OKPO", {K::kOgrn}},
      {"OMS", {K::kPolicy}},
      {"OSAGOPolicy", {K::kPolicy}},
      {"Passport", {K::kPassport}},
      {"Password", {K::kSecret}},
      {"Phone", {K::kPhone}},
      {"SNILS", {K::kSnils}},
      {"SocialUserId", {K::kUsername}},
      {"VIN", {K::kCar}},
      {"VehicleRegNumber", {K::kCar}},
      {"IBAN", {K::kIban}},
      // Facts about a person that identify nobody: kept on purpose.
      {"EducationLevel", {}},
      {"IdentityDocType", {}},
      {"LegalEntityName", {}},
      {"MaritalStatus", {}},
      {"MilitaryRank", {}},
      // Of the English format.
      {"EMAIL_ADDRESS", {K::kEmail}},
      {"PHONE_NUMBER", {K::kPhone}},
      {"CREDIT_CARD", {K::kCard}},
      {"IP_ADDRESS", {K::kIp}},
      {"IBAN_CODE", {K::kIban}},
      {"US_SSN", {K::kSsn}},
      {"PERSON", {K::kName}, false},
      {"US_DRIVER_LICENSE", {K::kDocument, K::kSsn}, false},
      {"ADDRESS", {K::kAddress}, false},
      {"STREET_ADDRESS", {K::kAddress}, false},
      {"DOMAIN_NAME", {}},
      {"URL", {}},
      {"DATE_TIME", {}},
      {"ORGANIZATION", {}},
      {"LOCATION", {}},
      {"GPE", {}},
      {"TITLE", {}},
      {"NRP", {}},
      {"AGE", {}},
      {"ZIP_CODE", {}},
  };
  return rows;
}

const KindRow* RowOf(const std::string& label) {
  for (const KindRow& row : Kinds()) {
    if (label == row.label) return &row;
  }
  return nullptr;
}

struct Score {
  int wanted = 0, found = 0;  // cases or spans
  int negatives = 0, false_hits = 0;
  int other_hits = 0;  // on negatives, but of another kind
  bool in_scope = true, counted = true;
};

struct Report {
  std::map<std::string, Score> by_kind;
  int unusable = 0;
  int spans_unlabelled = 0, spans_all = 0;  // English: identifiers found where nothing is labelled
  int names_unlabelled = 0;
  std::set<std::string> unknown;
  bool show = false;
};

bool IsKind(const KindRow& row, PiiKind kind) {
  return std::find(row.kinds.begin(), row.kinds.end(), kind) != row.kinds.end();
}

bool ScoreCase(const std::string& line, idiolect::PiiScanner& scanner, Report& report) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("matcher") || !json.contains("text")) return false;
  const std::string label = json["matcher"], text = json["text"];
  const std::string expected = json.value("expected", ">=1");
  const KindRow* const row = RowOf(label);
  if (row == nullptr) report.unknown.insert(label);
  // "$name", "${name}": a variable of the test's own program that was never filled in.
  for (size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
    if (at + 1 < text.size() &&
        (std::isalpha(static_cast<unsigned char>(text[at + 1])) || text[at + 1] == '{')) {
      ++report.unusable;
      return true;
    }
  }
  Score& score = report.by_kind[label];
  score.in_scope = row == nullptr || !row->kinds.empty();
  std::vector<idiolect::PiiSpan> spans;
  scanner.Find(text, &spans);
  const bool exact = expected.starts_with("==");
  const int count = std::atoi(expected.c_str() + 2);
  const bool negative = exact && count == 0;
  int hits = 0, others = 0;
  for (const idiolect::PiiSpan& span : spans) {
    const bool right =
        row == nullptr || (negative ? !row->kinds.empty() && row->kinds.front() == span.kind
                                    : IsKind(*row, span.kind));
    (right ? hits : others) += 1;
  }
  if (negative) {
    ++score.negatives;
    score.false_hits += hits > 0;
    score.other_hits += hits == 0 && others > 0;
    if (report.show && hits > 0) std::printf("false  %s | %s\n", label.c_str(), text.c_str());
    if (report.show && hits == 0 && others > 0) {
      std::printf("other  %s | %s | %s\n", label.c_str(), text.c_str(), InfoOf(spans[0].kind).name);
    }
    return true;
  }
  ++score.wanted;
  const bool found = exact ? hits == count : hits >= count;
  score.found += found;
  if (report.show && !found && score.in_scope) {
    std::printf("missed %s | %s | %d of %s\n", label.c_str(), text.c_str(), hits, expected.c_str());
  }
  return true;
}

// Byte of each character, and the end.
std::vector<uint32_t> BytesOfCharacters(const std::string& text) {
  std::vector<uint32_t> bytes;
  for (size_t at = 0; at < text.size();) {
    bytes.push_back(static_cast<uint32_t>(at));
    idiolect::NextCodePoint(text, &at);
  }
  bytes.push_back(static_cast<uint32_t>(text.size()));
  return bytes;
}

void ScoreSentence(const Json& json, idiolect::PiiScanner& scanner, Report& report) {
  const std::string text = json["full_text"];
  const std::vector<uint32_t> bytes = BytesOfCharacters(text);
  std::vector<idiolect::PiiSpan> spans;
  scanner.Find(text, &spans);
  std::vector<bool> labelled(spans.size());
  for (const Json& wanted : json["spans"]) {
    const std::string label = wanted["entity_type"];
    const size_t from = wanted["start_position"], to = wanted["end_position"];
    if (from >= to || to >= bytes.size()) continue;
    const uint32_t begin = bytes[from], end = bytes[to];
    const KindRow* const row = RowOf(label);
    if (row == nullptr) report.unknown.insert(label);
    Score& score = report.by_kind[label];
    score.in_scope = row != nullptr && !row->kinds.empty();
    score.counted = row != nullptr && row->counted;
    ++score.wanted;
    // Every letter and digit of it must be covered by a span of the right kind.
    bool covered = true;
    for (uint32_t at = begin; at < end; ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      if (!std::isalnum(c) && c < 0x80) continue;
      covered &= std::any_of(spans.begin(), spans.end(), [&](const idiolect::PiiSpan& span) {
        return span.begin <= at && at < span.end && row != nullptr && IsKind(*row, span.kind);
      });
    }
    score.found += covered;
    if (report.show && !covered && score.in_scope && score.counted) {
      std::printf("missed %s | %s\n", label.c_str(), text.substr(begin, end - begin).c_str());
    }
    for (size_t i = 0; i < spans.size(); ++i) {
      if (spans[i].begin < end && begin < spans[i].end) labelled[i] = true;
    }
  }
  for (size_t i = 0; i < spans.size(); ++i) {
    ++report.spans_all;
    if (labelled[i]) continue;
    if (spans[i].kind == PiiKind::kName) {
      ++report.names_unlabelled;
    } else {
      ++report.spans_unlabelled;
    }
    if (report.show) {
      std::printf("extra  %s | %s\n", InfoOf(spans[i].kind).name,
                  text.substr(spans[i].begin, spans[i].end - spans[i].begin).c_str());
    }
  }
}

double Share(int part, int whole) {
  return whole == 0 ? 1.0 : static_cast<double>(part) / whole;
}

int Print(const std::string& file, const Report& report, bool russian) {
  std::printf("%s\n%-20s %8s %8s %8s %10s %10s\n", file.c_str(), "kind", "cases", "found", "recall",
              "negatives", "false hits");
  Score all, out;
  for (const auto& [label, score] : report.by_kind) {
    Score& sum = score.in_scope && score.counted ? all : out;
    sum.wanted += score.wanted;
    sum.found += score.found;
    sum.negatives += score.negatives;
    sum.false_hits += score.false_hits;
    sum.other_hits += score.other_hits;
    std::printf("%-20s %8d %8d %8.3f %10d %10d%s\n", label.c_str(), score.wanted, score.found,
                Share(score.found, score.wanted), score.negatives, score.false_hits,
                !score.in_scope  ? "  no identifier: kept on purpose"
                : !score.counted ? "  not in the total"
                                 : "");
  }
  const int negatives = all.negatives + out.negatives;
  std::printf("%-20s %8d %8d %8.3f %10d %10d\n", "identifiers", all.wanted, all.found,
              Share(all.found, all.wanted), negatives, all.false_hits + out.false_hits);
  if (russian) {
    std::printf("negatives with a find of another kind: %d\n", all.other_hits + out.other_hits);
    std::printf("texts with a variable nobody filled in, left out: %d\n", report.unusable);
  } else {
    std::printf("finds: %d, of identifiers where nothing is labelled: %d, of names: %d\n",
                report.spans_all, report.spans_unlabelled, report.names_unlabelled);
  }
  for (const std::string& label : report.unknown) {
    std::printf("unknown kind, any find counts: %s\n", label.c_str());
  }
  const int false_hits = russian ? all.false_hits + out.false_hits : report.spans_unlabelled;
  const Json json = {{"bench", "pii"},
                     {"file", file.substr(file.rfind('/') + 1)},
                     {"cases", all.wanted},
                     {"found", all.found},
                     {"recall", Share(all.found, all.wanted)},
                     {"negatives", russian ? negatives : report.spans_all},
                     {"false_hits", false_hits}};
  std::printf("%s\n\n", json.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bool show = false;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--show") {
      show = true;
    } else {
      files.emplace_back(argv[i]);
    }
  }
  if (files.empty()) {
    std::fprintf(stderr, "bench_pii [--show] FILE…: which labelled files?\n");
    return 2;
  }
  const idiolect::PiiLexicon lexicon;
  idiolect::PiiScanner scanner(lexicon);
  for (const std::string& file : files) {
    const auto bytes = idiolect::ReadFile(file);
    if (!bytes) {
      std::fprintf(stderr, "%s\n", bytes.error().message.c_str());
      return 1;
    }
    Report report;
    report.show = show;
    const bool list = idiolect::TrimSpace(*bytes).starts_with("[");
    if (list) {
      const Json json = Json::parse(*bytes, nullptr, false);
      if (!json.is_array()) {
        std::fprintf(stderr, "%s: no JSON list\n", file.c_str());
        return 1;
      }
      for (const Json& sentence : json) ScoreSentence(sentence, scanner, report);
    } else {
      for (const std::string_view line : idiolect::SplitLines(*bytes)) {
        if (idiolect::TrimSpace(line).empty()) continue;
        if (!ScoreCase(std::string(line), scanner, report)) {
          std::fprintf(stderr, "%s: not a line of cases\n", file.c_str());
          return 1;
        }
      }
    }
    Print(file, report, !list);
  }
  return 0;
}
