#pragma once
// The words that say what a number beside them is. Whole word forms, not stems: one look into a
// table tells all that a word means.

#include <cstdint>
#include <string_view>

namespace idiolect {

// Bits: a word may announce several things.
enum PiiKeyword : uint64_t {
  kSaysPhone = 1u << 0,
  kSaysPassport = 1u << 1,
  kSaysDriver = 1u << 2,
  kSaysInn = 1u << 3,
  kSaysSnils = 1u << 4,
  kSaysOgrn = 1u << 5,
  kSaysKpp = 1u << 6,
  kSaysBik = 1u << 7,
  kSaysAccount = 1u << 8,
  kSaysBirth = 1u << 9,
  kSaysPolicy = 1u << 10,
  kSaysCvv = 1u << 11,
  kSaysMilitary = 1u << 12,
  kSaysEducation = 1u << 13,
  kSaysResidence = 1u << 14,
  kSaysOkpo = 1u << 15,
  kSaysVin = 1u << 16,
  kSaysCar = 1u << 17,
  kSaysPassword = 1u << 18,
  kSaysLogin = 1u << 19,
  kSaysSeed = 1u << 20,
  kSaysSsn = 1u << 21,
  kSaysTitle = 1u << 22,       // Mr, г-н: a name follows
  kSaysMonth = 1u << 23,       // of a date in words
  kSaysStreet = 1u << 24,      // улица, ул: before or after the name
  kSaysCity = 1u << 25,        // г, город, пос
  kSaysRegion = 1u << 26,      // обл, край, р-н
  kSaysHouse = 1u << 27,       // д, дом, корп, стр
  kSaysFlat = 1u << 28,        // кв, офис
  kSaysEnStreet = 1u << 29,    // Street, Ave: after the name
  kSaysEnUnit = 1ull << 30,    // suite, apt
  kSaysCodeWord = 1ull << 31,  // code, код: of a card, when "back" words stand near
  kSaysSecret = 1ull << 32,    // token, secret, ключ
  kSaysCard = 1ull << 33,
  kSaysNumber = 1ull << 35,  // of a phone, when it stands right beside
  kEveryday = 1ull << 34,    // an everyday word although it looks like a form of a name
};

struct PiiKeywordRow {
  uint64_t bits;
  std::string_view words;  // small, with spaces between
};
// The table, to be put into a lexicon.
const PiiKeywordRow* PiiKeywordRows(size_t* count);

}  // namespace idiolect
