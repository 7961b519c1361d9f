#include "validate/prices.h"

#include <algorithm>
#include <cstdio>

#include "base/file.h"

#define TOML_EXCEPTIONS 0
#include "base/toml.h"

namespace idiolect {
namespace {

bool IsDate(std::string_view text) {
  // 2026, 2026-04, 2026-04-30
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

Result<Price> ReadPrice(const toml::table& table, const std::string& where) {
  std::string fault;
  const auto text = [&](std::string_view key, bool needed) {
    const auto value = table[key].value<std::string>();
    if ((needed || table.contains(key)) && (!value || value->empty())) {
      fault = std::string(key) + " must be a text that is not empty";
    }
    return value.value_or("");
  };
  const auto amount = [&](std::string_view key) -> std::optional<double> {
    if (!table.contains(key)) return std::nullopt;
    const auto value = table[key].value<double>();
    if (!value || !(*value >= 0) || *value > 1e9) {
      fault = std::string(key) + " must be a number that is not negative";
    }
    return value;
  };
  Price price;
  price.provider = text("provider", true);
  price.model = text("model", true);
  price.currency = text("currency", true);
  price.training = amount("training");
  price.input = amount("input");
  price.output = amount("output");
  if (table.contains("max_tokens_per_example")) {
    const auto most = table["max_tokens_per_example"].value<int64_t>();
    if (!most || *most <= 0) fault = "max_tokens_per_example must be a positive number";
    price.max_tokens_per_example = static_cast<uint64_t>(most.value_or(0));
  }
  price.seen = text("seen", true);
  if (fault.empty() && !IsDate(price.seen)) fault = "seen must be a date such as 2026-04-30";
  price.source = text("source", true);
  price.page = text("page", false);
  price.note = text("note", false);
  price.note_ru = text("note_ru", false);
  if (!fault.empty()) {
    return Fail(ErrorKind::kBadInput, "reading prices: " + where + ": " + fault,
                "models/prices.toml in the sources shows the form");
  }
  return price;
}

}  // namespace

const Price* PriceList::Find(std::string_view provider, std::string_view model) const {
  const auto found = std::find_if(prices.begin(), prices.end(), [&](const Price& price) {
    return price.provider == provider && price.model == model;
  });
  return found == prices.end() ? nullptr : &*found;
}

Result<PriceList> ParsePrices(std::string_view text, const std::string& origin) {
  const std::string name = origin.empty() ? "the built-in prices" : origin;
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Fail(ErrorKind::kBadInput, "reading prices: " + name + ":" +
                                          std::to_string(parsed.error().source().begin.line) +
                                          ": " + std::string(parsed.error().description()));
  }
  PriceList list;
  list.origin = origin;
  const toml::array* prices = parsed.table()["price"].as_array();
  if (prices == nullptr) {
    return Fail(ErrorKind::kBadInput, "reading prices: " + name + ": no [[price]]",
                "models/prices.toml in the sources shows the form");
  }
  for (const toml::node& node : *prices) {
    const std::string where = name + ": price " + std::to_string(list.prices.size() + 1);
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      return Fail(ErrorKind::kBadInput, "reading prices: " + where + ": not a table");
    }
    ASSIGN_OR_RETURN(auto price, ReadPrice(*table, where));
    list.prices.push_back(std::move(price));
  }
  return list;
}

Result<PriceList> LoadPrices(const std::filesystem::path& file,
                             const std::filesystem::path& workspace) {
  std::filesystem::path path = file;
  if (path.empty() && !workspace.empty() && Exists(workspace / "prices.toml")) {
    path = workspace / "prices.toml";
  }
  if (path.empty()) return ParsePrices(BuiltInPricesText(), "");
  ASSIGN_OR_RETURN(const auto text, ReadFile(path));
  return ParsePrices(text, path.string());
}

Cost CostOf(const Price& price, uint64_t tokens, int epochs) {
  Cost cost;
  cost.trained_tokens = tokens * static_cast<uint64_t>(std::max(epochs, 0));
  if (price.training)
    cost.amount = *price.training * static_cast<double>(cost.trained_tokens) / 1e6;
  return cost;
}

std::string FormatAmount(double amount, std::string_view currency) {
  char text[64];
  std::snprintf(text, sizeof text, amount < 0.1 ? "%.3f" : "%.2f", amount);
  return std::string(text) + " " + std::string(currency);
}

}  // namespace idiolect
