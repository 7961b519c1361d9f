#pragma once
// The inner loops of JsonStream: sixteen bytes at a time where the processor has SSE2 (every
// x86-64), one at a time elsewhere. None of them looks for the end of the buffer: whoever calls
// puts kScanPadding bytes of '"' behind it, at which all of them stop.

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace idiolect::json_scan {

// How far behind the end of the data a scan may read.
constexpr size_t kScanPadding = 64;

inline bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
inline bool IsBracket(char c) {
  return c == '[' || c == ']' || c == '{' || c == '}';
}

#if defined(__SSE2__)

inline __m128i Load(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
inline __m128i Equal(__m128i block, char c) {
  return _mm_cmpeq_epi8(block, _mm_set1_epi8(c));
}
inline unsigned Mask(__m128i block) {
  return static_cast<unsigned>(_mm_movemask_epi8(block));
}

// The first byte that ends a plain run in a string: a quote, a backslash or a control character.
// *high is set when a byte before it is not ASCII.
inline const char* FindStringStop(const char* p, bool* high) {
  for (;; p += 16) {
    const __m128i block = Load(p);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    const unsigned stops =
        Mask(_mm_or_si128(_mm_or_si128(Equal(block, '"'), Equal(block, '\\')), control));
    const unsigned highs = Mask(block);
    if (stops == 0) {
      *high |= highs != 0;
      continue;
    }
    const int at = __builtin_ctz(stops);
    *high |= (highs & ((1u << at) - 1u)) != 0;
    return p + at;
  }
}

// The first quote or backslash.
inline const char* FindQuoteOrBackslash(const char* p) {
  for (;; p += 16) {
    const __m128i block = Load(p);
    const unsigned stops = Mask(_mm_or_si128(Equal(block, '"'), Equal(block, '\\')));
    if (stops != 0) return p + __builtin_ctz(stops);
  }
}

// The first quote or bracket of either kind.
inline const char* FindQuoteOrBracket(const char* p) {
  for (;; p += 16) {
    const __m128i block = Load(p);
    // '[' and '{', ']' and '}' differ in this bit only.
    const __m128i folded = _mm_or_si128(block, _mm_set1_epi8(0x20));
    const unsigned stops =
        Mask(_mm_or_si128(Equal(block, '"'), _mm_or_si128(Equal(folded, '{'), Equal(folded, '}'))));
    if (stops != 0) return p + __builtin_ctz(stops);
  }
}

// The first byte that is no JSON white space.
inline const char* SkipSpace(const char* p) {
  if (!IsSpace(*p)) return p;
  if (!IsSpace(*++p)) return p;
  for (;; p += 16) {
    const __m128i block = Load(p);
    const __m128i space = _mm_or_si128(_mm_or_si128(Equal(block, ' '), Equal(block, '\n')),
                                       _mm_or_si128(Equal(block, '\t'), Equal(block, '\r')));
    const unsigned others = Mask(space) ^ 0xffffu;
    if (others != 0) return p + __builtin_ctz(others);
  }
}

#else

inline const char* FindStringStop(const char* p, bool* high) {
  for (;; ++p) {
    const auto byte = static_cast<unsigned char>(*p);
    if (byte == '"' || byte == '\\' || byte < 0x20) return p;
    *high |= byte >= 0x80;
  }
}
inline const char* FindQuoteOrBackslash(const char* p) {
  while (*p != '"' && *p != '\\') ++p;
  return p;
}
inline const char* FindQuoteOrBracket(const char* p) {
  while (*p != '"' && !IsBracket(*p)) ++p;
  return p;
}
inline const char* SkipSpace(const char* p) {
  while (IsSpace(*p)) ++p;
  return p;
}

#endif

}  // namespace idiolect::json_scan
