#include "dataset/pii/checksums.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace idiolect {
namespace {

int Digit(char c) {
  return c - '0';
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool AllDigits(std::string_view text, size_t size) {
  return text.size() == size && AllDigits(text);
}

int WeightedSum(std::string_view digits, std::string_view weights) {
  // Weights are one character each: '0' + weight.
  int sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) sum += Digit(digits[i]) * (weights[i] - '0');
  return sum;
}

int Remainder(std::string_view digits, int divisor) {
  int rest = 0;
  for (const char c : digits) rest = (rest * 10 + Digit(c)) % divisor;
  return rest;
}

}  // namespace

bool IsLuhn(std::string_view digits) {
  if (!AllDigits(digits)) return false;
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    int value = Digit(digits[digits.size() - 1 - i]);
    if (i % 2 == 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return sum % 10 == 0;
}

bool IsInn(std::string_view digits) {
  if (AllDigits(digits, 10)) {
    return WeightedSum(digits, "24:359468") % 11 % 10 == Digit(digits[9]);
  }
  if (!AllDigits(digits, 12)) return false;
  return WeightedSum(digits, "724:359468") % 11 % 10 == Digit(digits[10]) &&
         WeightedSum(digits, "3724:359468") % 11 % 10 == Digit(digits[11]);
}

bool IsSnils(std::string_view digits) {
  if (!AllDigits(digits, 11)) return false;
  const int sum = WeightedSum(digits, "987654321");
  const int control = sum % 101 == 100 ? 0 : sum % 101;
  return control == Digit(digits[9]) * 10 + Digit(digits[10]);
}

bool IsOgrn(std::string_view digits) {
  if (AllDigits(digits, 13)) {
    return Remainder(digits.substr(0, 12), 11) % 10 == Digit(digits[12]);
  }
  return AllDigits(digits, 15) && Remainder(digits.substr(0, 14), 13) % 10 == Digit(digits[14]);
}

bool IsOkpo(std::string_view digits) {
  if (!AllDigits(digits) || (digits.size() != 8 && digits.size() != 10)) return false;
  const size_t last = digits.size() - 1;
  const auto control = [&](int first) {
    int sum = 0;
    for (size_t i = 0; i < last; ++i) {
      sum += Digit(digits[i]) * ((first - 1 + static_cast<int>(i)) % 10 + 1);
    }
    return sum % 11;
  };
  const int once = control(1);
  return (once < 10 ? once : control(3) % 10) == Digit(digits[last]);
}

bool IsVin(std::string_view capitals) {
  if (capitals.size() != 17) return false;
  constexpr std::string_view kLetters = "ABCDEFGHJKLMNPRSTUVWXYZ";
  constexpr std::string_view kValues = "12345678123457923456789";
  constexpr int kWeights[] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  int sum = 0, letters = 0;
  for (size_t i = 0; i < 17; ++i) {
    const char c = capitals[i];
    int value = 0;
    if (c >= '0' && c <= '9') {
      value = Digit(c);
    } else {
      const size_t at = kLetters.find(c);
      if (at == std::string_view::npos) return false;
      value = Digit(kValues[at]);
      ++letters;
    }
    sum += value * kWeights[i];
  }
  if (letters == 0) return false;
  const char control = sum % 11 == 10 ? 'X' : static_cast<char>('0' + sum % 11);
  return capitals[8] == control;
}

bool IsMod97(std::string_view capitals) {
  int rest = 0;
  for (const char c : capitals) {
    if (c >= '0' && c <= '9') {
      rest = (rest * 10 + Digit(c)) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      rest = (rest * 100 + (c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return rest == 1;
}

bool IsIban(std::string_view capitals) {
  if (capitals.size() < 15 || capitals.size() > 34) return false;
  if (!AllDigits(capitals.substr(2, 2)) || capitals[0] < 'A' || capitals[1] < 'A') return false;
  return IsMod97(std::string(capitals.substr(4)) + std::string(capitals.substr(0, 4)));
}

bool IsSsn(std::string_view digits) {
  if (!AllDigits(digits, 9)) return false;
  const std::string_view area = digits.substr(0, 3);
  return area != "000" && area != "666" && area[0] != '9' && digits.substr(3, 2) != "00" &&
         digits.substr(5) != "0000";
}

bool IsStairs(std::string_view characters) {
  for (size_t i = 1; i < characters.size(); ++i) {
    if (std::abs(characters[i] - characters[i - 1]) > 1) return false;
  }
  return true;
}

}  // namespace idiolect
