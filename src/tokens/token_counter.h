#pragma once
// Counting tokens, for whoever has a budget in them: contexts of samples, validation, cost, time.
// By o200k_base where its ranks are on this machine, else by an estimate that says that it is one.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace idiolect {

// Thread-compatible.
class TokenCounter {
 public:
  virtual ~TokenCounter() = default;
  virtual size_t Count(std::string_view text) = 0;
  virtual std::string Name() const = 0;  // "o200k_base", a model's name, "estimate"
  virtual bool IsExact() const { return true; }
};

// kNotFound when the ranks are not on this machine (the hint says how to get them), kBadInput when
// they are damaged. Loading takes some 30 ms and 10 MB.
Result<std::unique_ptr<TokenCounter>> OpenO200kCounter();

// From the classes of characters alone: within 15 % of o200k_base on chats in Russian and English.
// The same on every machine, so that what depends on it is, too.
size_t EstimateTokens(std::string_view text);
std::unique_ptr<TokenCounter> MakeEstimatedCounter();

// The first where it can be had, else the second.
std::unique_ptr<TokenCounter> OpenBestCounter();

}  // namespace idiolect
