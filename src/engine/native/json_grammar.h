#pragma once
// Which bytes may come next so that an answer is one JSON object (RFC 8259), and which tokens of a
// vocabulary are made of such bytes. Stricter than the grammar where readers are: UTF-8 is well
// formed, no lone surrogates, numbers that fit a double, nesting to 32, white space in short runs
// (a model would otherwise write nothing else).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/tokenizer.h"

namespace idiolect::native {

// A value: copies are what trying is done on.
class JsonGrammar {
 public:
  // False where no object can go on with this byte; the state is then of no use any more.
  bool Add(uint8_t byte);
  bool Add(std::string_view bytes);
  // The object is closed.
  bool complete() const { return state_ == State::kDone; }
  // Inside a string and between two code points: any well-formed text may follow that has no quote,
  // backslash or control character.
  bool in_plain_string() const { return state_ == State::kString && utf8_left_ == 0; }

 private:
  enum class State : uint8_t {
    kStart,
    kObjectFirst,
    kKey,
    kColon,
    kValue,
    kArrayFirst,
    kAfterValue,
    kString,
    kEscape,
    kHex,
    kMinus,
    kZero,
    kInteger,
    kPoint,
    kFraction,
    kExponent,
    kExponentSign,
    kExponentDigits,
    kLiteral,
    kDone,
  };
  bool AddString(uint8_t byte);
  bool AddNumber(uint8_t byte);
  bool BeginValue(uint8_t byte);
  bool Open(char bracket, State next);
  bool Close(char bracket);
  bool EndsNumber() const;

  State state_ = State::kStart;
  bool key_ = false;                  // the string is a member's name
  uint8_t utf8_left_ = 0;             // bytes of a code point still to come
  uint8_t low_ = 0x80, high_ = 0xbf;  // bounds of the next of them
  uint8_t count_ = 0;                 // hex digits; characters of a number
  uint8_t exponent_ = 0;              // digits
  uint8_t spaces_ = 0;                // in a row
  bool surrogate_ = false;            // a hex number that begins with d
  const char* literal_ = nullptr;     // what is left of it
  std::string open_;                  // brackets
};

// The tokens of a vocabulary, prepared for asking which fit.
class JsonTokens {
 public:
  // The tokenizer must outlive this.
  explicit JsonTokens(const Tokenizer& tokenizer);
  // Sets the logits of tokens that cannot go on to minus infinity. Control tokens never can.
  void Mask(const JsonGrammar& grammar, std::span<float> logits) const;

 private:
  const Tokenizer& tokenizer_;
  std::vector<bool> plain_;  // well-formed text without quote, backslash and control characters
};

}  // namespace idiolect::native
