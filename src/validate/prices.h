#pragma once
// What fine-tuning a dataset would cost, by a file of prices that the user may edit
// (models/prices.toml, whose head describes it, is built in). A price never travels without the day
// it was seen and where. For `validate`, for the question before an upload, and for reports.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace idiolect {

struct Price {
  std::string provider, model, currency;
  std::optional<double> training;       // for a million tokens; nullopt: not known
  std::optional<double> input, output;  // of the trained model, for a million tokens
  uint64_t max_tokens_per_example = 0;  // 0: none said
  std::string seen;                     // 2026, 2026-04 or 2026-04-30
  std::string source, page;
  std::string note, note_ru;
};

struct PriceList {
  std::vector<Price> prices;
  std::string origin;  // the file's path, or empty: built in

  const Price* Find(std::string_view provider, std::string_view model) const;
};

// kBadInput names the file, the price and the field; a price without `seen` and `source` is
// refused.
Result<PriceList> ParsePrices(std::string_view toml, const std::string& origin);
std::string_view BuiltInPricesText();
// `file` when it is not empty; else prices.toml in `workspace` when there is one; else the
// built-in.
Result<PriceList> LoadPrices(const std::filesystem::path& file,
                             const std::filesystem::path& workspace);

struct Cost {
  uint64_t trained_tokens = 0;   // over all epochs
  std::optional<double> amount;  // in the price's currency; nullopt: price not known
};

// `tokens`: of the training file, cut to the price's limit per example. Validation files are free
// of charge where nobody says otherwise.
Cost CostOf(const Price& price, uint64_t tokens, int epochs);

// "12.40 USD", two digits, three where it is less than a tenth.
std::string FormatAmount(double amount, std::string_view currency);

}  // namespace idiolect
