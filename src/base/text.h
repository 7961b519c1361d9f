#pragma once
// Text is UTF-8 everywhere. What needs Unicode tables goes through ICU, and only here.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace idiolect {

// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);
// Replaces every ill-formed byte sequence by U+FFFD.
std::string RepairUtf8(std::string_view text);

// Decodes the code point at text[*at] and advances *at; ill-formed bytes give U+FFFD, one byte
// each.
char32_t NextCodePoint(std::string_view text, size_t* at);
void AppendUtf8(char32_t code_point, std::string* out);
size_t CountCodePoints(std::string_view text);

// For comparing names: case folded, ё as е, compatibility forms composed (NFKC), spaces collapsed.
std::string FoldForSearch(std::string_view text);
// Canonical composition, as Qwen's tokenizers want their input.
std::string ToNfc(std::string_view text);
std::string ToNfkc(std::string_view text);

std::string_view TrimSpace(std::string_view text);
std::vector<std::string_view> SplitLines(std::string_view text);

// Classes by Unicode general category, for tokenizers and filters.
bool IsLetter(char32_t c);
bool IsMark(char32_t c);
bool IsNumber(char32_t c);
bool IsSpace(char32_t c);  // White_Space
bool IsUpper(char32_t c);
bool IsCapitalLetter(char32_t c);  // general category Lu or Lt
bool IsSmallLetter(char32_t c);    // general category Ll
bool IsEmoji(char32_t c);          // shown as a picture by itself, or part of such a sequence
char32_t ToLower(char32_t c);

// Edit distance in code points, capped: returns `cap` as soon as it is reached.
size_t EditDistance(std::string_view a, std::string_view b, size_t cap);

// The `most` closest of `known` to a mistyped `word`, best first: for "did you mean".
std::vector<std::string> Closest(std::string_view word, const std::vector<std::string>& known,
                                 size_t most);

// 12345 as "12 345" with narrow no-break spaces would not paste; plain spaces are used.
std::string GroupDigits(int64_t number);
// Two decimals after a point, the nearest: 0.50. Of |number| < 1e15; not a number is 0.
void AppendHundredths(double number, std::string* out);

}  // namespace idiolect
