#include "engine/native/json_grammar.h"

#include <array>
#include <limits>

namespace idiolect::native {
namespace {

constexpr size_t kMostDepth = 32;
constexpr uint8_t kMostSpaces = 40;
constexpr uint8_t kMostNumber = 32;  // characters
constexpr uint8_t kMostExponent = 2;

bool IsSpace(uint8_t byte) {
  return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}
bool IsDigit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

}  // namespace

bool JsonGrammar::Add(std::string_view bytes) {
  for (const char byte : bytes) {
    if (!Add(static_cast<uint8_t>(byte))) return false;
  }
  return true;
}

bool JsonGrammar::Open(char bracket, State next) {
  if (open_.size() >= kMostDepth) return false;
  open_ += bracket;
  state_ = next;
  return true;
}

bool JsonGrammar::Close(char bracket) {
  if (open_.empty() || open_.back() != bracket) return false;
  open_.pop_back();
  state_ = open_.empty() ? State::kDone : State::kAfterValue;
  return true;
}

bool JsonGrammar::BeginValue(uint8_t byte) {
  count_ = 1;
  exponent_ = 0;
  switch (byte) {
    case '{':
      return Open('{', State::kObjectFirst);
    case '[':
      return Open('[', State::kArrayFirst);
    case '"':
      key_ = false;
      state_ = State::kString;
      return true;
    case '-':
      state_ = State::kMinus;
      return true;
    case '0':
      state_ = State::kZero;
      return true;
    case 't':
      literal_ = "rue";
      break;
    case 'f':
      literal_ = "alse";
      break;
    case 'n':
      literal_ = "ull";
      break;
    default:
      state_ = State::kInteger;
      return IsDigit(byte);
  }
  state_ = State::kLiteral;
  return true;
}

bool JsonGrammar::AddString(uint8_t byte) {
  if (utf8_left_ > 0) {
    if (byte < low_ || byte > high_) return false;
    low_ = 0x80;
    high_ = 0xbf;
    --utf8_left_;
    return true;
  }
  if (byte == '"') {
    state_ = key_ ? State::kColon : State::kAfterValue;
    return true;
  }
  if (byte == '\\') {
    state_ = State::kEscape;
    return true;
  }
  if (byte < 0x20) return false;
  if (byte < 0x80) return true;
  // The table of well-formed sequences in the Unicode standard.
  if (byte >= 0xc2 && byte <= 0xdf) {
    utf8_left_ = 1;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    utf8_left_ = 2;
    if (byte == 0xe0) low_ = 0xa0;
    if (byte == 0xed) high_ = 0x9f;
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    utf8_left_ = 3;
    if (byte == 0xf0) low_ = 0x90;
    if (byte == 0xf4) high_ = 0x8f;
  } else {
    return false;
  }
  return true;
}

bool JsonGrammar::EndsNumber() const {
  return state_ == State::kZero || state_ == State::kInteger || state_ == State::kFraction ||
         state_ == State::kExponentDigits;
}

bool JsonGrammar::AddNumber(uint8_t byte) {
  if (++count_ > kMostNumber) return false;
  const bool digit = IsDigit(byte);
  switch (state_) {
    case State::kMinus:
      state_ = byte == '0' ? State::kZero : State::kInteger;
      return digit;
    case State::kZero:
    case State::kInteger:
      if (digit) return state_ == State::kInteger;
      if (byte == '.') {
        state_ = State::kPoint;
        return true;
      }
      break;
    case State::kPoint:
      state_ = State::kFraction;
      return digit;
    case State::kFraction:
      if (digit) return true;
      break;
    case State::kExponent:
      if (byte == '+' || byte == '-') {
        state_ = State::kExponentSign;
        return true;
      }
      [[fallthrough]];
    case State::kExponentSign:
    case State::kExponentDigits:
      state_ = State::kExponentDigits;
      return digit && ++exponent_ <= kMostExponent;
    default:
      return false;
  }
  state_ = State::kExponent;
  return byte == 'e' || byte == 'E';
}

bool JsonGrammar::Add(uint8_t byte) {
  switch (state_) {
    case State::kString:
      return AddString(byte);
    case State::kEscape:
      if (byte == 'u') {
        state_ = State::kHex;
        count_ = 0;
        surrogate_ = false;
        return true;
      }
      state_ = State::kString;
      return std::string_view("\"\\/bfnrt").find(static_cast<char>(byte)) != std::string_view::npos;
    case State::kHex: {
      const uint8_t lower = byte | 0x20;
      if (!IsDigit(byte) && !(lower >= 'a' && lower <= 'f')) return false;
      if (count_ == 0) surrogate_ = lower == 'd';
      if (count_ == 1 && surrogate_ && !(byte >= '0' && byte <= '7')) return false;
      if (++count_ == 4) state_ = State::kString;
      return true;
    }
    case State::kLiteral:
      if (byte != static_cast<uint8_t>(*literal_)) return false;
      if (*++literal_ == '\0') state_ = State::kAfterValue;
      return true;
    default:
      break;
  }
  if (state_ >= State::kMinus && state_ <= State::kExponentDigits) {
    const bool ends = EndsNumber() && (IsSpace(byte) || byte == ',' || byte == ']' || byte == '}');
    if (!ends) return AddNumber(byte);
    state_ = State::kAfterValue;
  }
  if (IsSpace(byte)) return state_ != State::kStart && ++spaces_ <= kMostSpaces;
  spaces_ = 0;
  switch (state_) {
    case State::kStart:
      return byte == '{' && Open('{', State::kObjectFirst);
    case State::kObjectFirst:
      if (byte == '}') return Close('{');
      [[fallthrough]];
    case State::kKey:
      key_ = true;
      state_ = State::kString;
      return byte == '"';
    case State::kColon:
      state_ = State::kValue;
      return byte == ':';
    case State::kArrayFirst:
      if (byte == ']') return Close('[');
      [[fallthrough]];
    case State::kValue:
      return BeginValue(byte);
    case State::kAfterValue:
      if (byte == '}') return Close('{');
      if (byte == ']') return Close('[');
      state_ = open_.back() == '{' ? State::kKey : State::kValue;
      return byte == ',';
    default:
      return false;
  }
}

JsonTokens::JsonTokens(const Tokenizer& tokenizer)
    : tokenizer_(tokenizer), plain_(static_cast<size_t>(tokenizer.size())) {
  JsonGrammar in_string;
  in_string.Add("{\"");
  for (int32_t id = 0; id < tokenizer.size(); ++id) {
    const std::string_view bytes = tokenizer.TokenBytes(id);
    if (tokenizer.IsControl(id) || bytes.empty() ||
        bytes.find_first_of("\"\\") != std::string_view::npos) {
      continue;
    }
    JsonGrammar tried = in_string;
    plain_[static_cast<size_t>(id)] = tried.Add(bytes) && tried.in_plain_string();
  }
}

void JsonTokens::Mask(const JsonGrammar& grammar, std::span<float> logits) const {
  std::array<bool, 256> first{};
  for (size_t byte = 0; byte < first.size(); ++byte) {
    JsonGrammar tried = grammar;
    first[byte] = tried.Add(static_cast<uint8_t>(byte));
  }
  const bool plain = grammar.in_plain_string();
  for (size_t i = 0; i < logits.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    bool fits = false;
    if (i < plain_.size()) {
      if (plain && plain_[i]) continue;
      const std::string_view bytes = tokenizer_.TokenBytes(id);
      if (!bytes.empty() && first[static_cast<uint8_t>(bytes[0])] && !tokenizer_.IsControl(id)) {
        JsonGrammar tried = grammar;
        fits = tried.Add(bytes);
      }
    }
    if (!fits) logits[i] = -std::numeric_limits<float>::infinity();
  }
}

}  // namespace idiolect::native
