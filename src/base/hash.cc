#include "base/hash.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

namespace idiolect {
namespace {

std::string EndInHex(EVP_MD_CTX* context) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context, digest, &size);
  std::string hex;
  hex.reserve(size * 2);
  for (unsigned int i = 0; i < size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_, EVP_sha256(), nullptr);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}

Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}

Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

void Sha256::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

void Sha256::AddField(std::string_view bytes) {
  const uint64_t size = bytes.size();
  Add({reinterpret_cast<const char*>(&size), sizeof size});
  Add(bytes);
}

std::string Sha256::Hex() {
  return EndInHex(context_);
}

Md5::Md5() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_, EVP_md5(), nullptr);
}

Md5::~Md5() {
  EVP_MD_CTX_free(context_);
}

void Md5::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

std::string Md5::Hex() {
  return EndInHex(context_);
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 sha;
  sha.Add(bytes);
  return sha.Hex();
}

Result<std::string> Sha256OfFile(const std::filesystem::path& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                       &std::fclose);
  if (!file) {
    return Fail(ErrorKind::kNotFound, "cannot read " + path.string() + ": " + std::strerror(errno));
  }
  Sha256 sha;
  std::vector<char> buffer(1 << 20);
  size_t got = 0;
  while ((got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0) {
    sha.Add({buffer.data(), got});
  }
  if (std::ferror(file.get())) {
    return Fail(ErrorKind::kFailed, "reading " + path.string() + " failed");
  }
  return sha.Hex();
}

Result<std::string> Sha256OfModel(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return Sha256OfFile(path);
  std::set<std::filesystem::path> files;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) files.insert(it->path());
  }
  if (error) {
    return Fail(ErrorKind::kFailed, "reading folder " + path.string() + ": " + error.message());
  }
  Sha256 sha;
  for (const auto& file : files) {
    ASSIGN_OR_RETURN(const std::string digest, Sha256OfFile(file));
    sha.AddField(file.filename().string());
    sha.AddField(digest);
  }
  return sha.Hex();
}

uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  uint64_t h = 0xcbf29ce484222325ull ^ (seed * 0x9e3779b97f4a7c15ull);
  for (unsigned char c : bytes) h = (h ^ c) * 0x100000001b3ull;
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdull;
  h ^= h >> 33;
  return h;
}

}  // namespace idiolect
