#pragma once
// The control digits of the numbers people carry. All take digits (or letters where named) without
// separators, of the right length or not: a wrong length is simply not valid.

#include <string_view>

namespace idiolect {

bool IsLuhn(std::string_view digits);     // ISO/IEC 7812: payment cards, ОМС policies
bool IsInn(std::string_view digits);      // 10 or 12 digits
bool IsSnils(std::string_view digits);    // 11 digits
bool IsOgrn(std::string_view digits);     // ОГРН 13, ОГРНИП 15
bool IsOkpo(std::string_view digits);     // 8 or 10
bool IsVin(std::string_view capitals);    // 17 of A-Z0-9 without I, O, Q; ISO 3779 check digit
bool IsMod97(std::string_view capitals);  // ISO 7064 MOD 97-10 as it stands: LEI
bool IsIban(std::string_view capitals);   // ISO 13616, without spaces
bool IsSsn(std::string_view digits);      // nine; by the ranges that are given out
// Whether every digit differs from the one before by at most one, as in 1234567, 2222222, 1234321:
// numbers people invent.
bool IsStairs(std::string_view characters);

}  // namespace idiolect
