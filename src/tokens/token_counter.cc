#include "tokens/token_counter.h"

#include "base/text.h"
#include "tokens/o200k.h"

namespace idiolect {
namespace {

class O200kCounter : public TokenCounter {
 public:
  explicit O200kCounter(std::unique_ptr<O200k> encoding)
      : encoding_(std::move(encoding)), encoder_(*encoding_) {}
  size_t Count(std::string_view text) override { return encoder_.Count(text); }
  std::string Name() const override { return "o200k_base"; }

 private:
  std::unique_ptr<O200k> encoding_;
  O200kEncoder encoder_;
};

class EstimatedCounter : public TokenCounter {
 public:
  size_t Count(std::string_view text) override { return EstimateTokens(text); }
  std::string Name() const override { return "estimate"; }
  bool IsExact() const override { return false; }
};

}  // namespace

// Weights fitted to chat in both languages, in hundredths of a token: a word costs something, and
// so does each of its letters.
size_t EstimateTokens(std::string_view text) {
  constexpr size_t kWord = 75, kLatin = 5, kLetter = 19, kIdeogram = 70, kDigit = 40, kSign = 70;
  size_t hundredths = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    char32_t c = byte;
    bool letter = false;
    // What chats mostly consist of goes without tables.
    if (byte < 0x80) {
      ++at;
      letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    } else if ((byte == 0xD0 || byte == 0xD1) && at + 1 < text.size()) {
      at += 2;
      c = 0x400;
      letter = true;
    } else {
      c = NextCodePoint(text, &at);
      letter = IsLetter(c);
    }
    if (letter) {
      if (!in_word) hundredths += kWord;
      hundredths += c < 0x80 ? kLatin : c < 0x3000 ? kLetter : kIdeogram;
    } else if (c >= 0x80 ? IsNumber(c) : c >= '0' && c <= '9') {
      hundredths += kDigit;
    } else if (c != ' ') {
      hundredths += kSign;
    }
    in_word = letter;
  }
  return (hundredths + 90) / 100;
}

Result<std::unique_ptr<TokenCounter>> OpenO200kCounter() {
  ASSIGN_OR_RETURN(auto encoding, O200k::LoadDefault());
  return std::make_unique<O200kCounter>(std::move(encoding));
}

std::unique_ptr<TokenCounter> MakeEstimatedCounter() {
  return std::make_unique<EstimatedCounter>();
}

std::unique_ptr<TokenCounter> OpenBestCounter() {
  auto exact = OpenO200kCounter();
  return exact ? *std::move(exact) : MakeEstimatedCounter();
}

}  // namespace idiolect
