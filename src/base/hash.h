#pragma once
// Digests: SHA-256 for what is published or compared across machines (files, models, run keys).

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;

namespace idiolect {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Add(std::string_view bytes);
  // Adds the length too, so that ("ab","c") and ("a","bc") differ.
  void AddField(std::string_view bytes);
  // Ends the computation: 64 lower-case hex digits. Call once.
  std::string Hex();

 private:
  evp_md_ctx_st* context_;
};

// Only where a protocol asks for it: it does not hold against malice.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;
  void Add(std::string_view bytes);
  std::string Hex();  // ends the computation: 32 lower-case hex digits; call once

 private:
  evp_md_ctx_st* context_;
};

std::string Sha256Hex(std::string_view bytes);
Result<std::string> Sha256OfFile(const std::filesystem::path& path);
// Of a folder: of the names and contents of the files right in it, in the order of their names. Of
// a file: as above.
Result<std::string> Sha256OfModel(const std::filesystem::path& path);

// FNV-1a with a final mix: for hash tables and stable pseudonyms, not against malice.
uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace idiolect
