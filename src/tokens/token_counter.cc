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

// Weights fitted by hand to a million tokens of chat in both languages.
class EstimatedCounter : public TokenCounter {
 public:
  size_t Count(std::string_view text) override {
    double tokens = 0;
    bool in_word = false;
    for (size_t at = 0; at < text.size();) {
      const char32_t c = NextCodePoint(text, &at);
      const bool letter = IsLetter(c);
      if (letter && !in_word) tokens += 0.75;
      in_word = letter;
      if (letter) {
        tokens += c < 0x80 ? 0.05 : c < 0x3000 ? 0.19 : 0.7;
      } else if (IsNumber(c)) {
        tokens += 0.4;
      } else if (c != ' ') {
        tokens += 0.7;
      }
    }
    return static_cast<size_t>(tokens + 0.9);
  }
  std::string Name() const override { return "estimate"; }
  bool IsExact() const override { return false; }
};

}  // namespace

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
