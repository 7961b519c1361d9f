#pragma once
// Token ids and counts of o200k_base, the encoding of OpenAI's models since GPT-4o: the same ids as
// the library tiktoken's encode_ordinary. Names of control tokens inside a text are text. The ranks
// are a file of 3.6 MB that scripts/setup gets; without it there is no O200k and
// token_counter.h has an estimate.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/o200k_split.h"
#include "base/result.h"

namespace idiolect {

// SHA-256 of the file of ranks, the one that the encoding's publisher names.
constexpr char kO200kSha256[] = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d";

// $IDIOLECT_O200K, else $XDG_CACHE_HOME/idiolect/tokenizers/o200k_base.tiktoken (by default below
// ~/.cache). kFailed when neither XDG_CACHE_HOME nor HOME is set.
Result<std::filesystem::path> O200kRanksFile();

// Constant after loading, so thread-safe. What works with it borrows it.
class O200k {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // Reads the file at O200kRanksFile(). kNotFound with a hint when it is not there, kBadInput when
  // its SHA-256 is not kO200kSha256.
  static Result<std::unique_ptr<O200k>> LoadDefault();
  // From lines "BASE64 RANK", ranks in order from 0. kBadInput names the line that is wrong, or the
  // byte that has no token of its own. `name` begins messages.
  static Result<std::unique_ptr<O200k>> FromRanks(std::string_view ranks, const std::string& name);

  size_t size() const { return offsets_.size() - 1; }
  // What a token stands for; empty for ids beyond size().
  std::string_view Bytes(uint32_t id) const;
  // The token with exactly these bytes, or kNone.
  uint32_t Find(std::string_view bytes) const;
  // The same for two bytes.
  uint32_t FindPair(unsigned char a, unsigned char b) const { return pairs_[a * 256u + b]; }
  uint32_t FindByte(unsigned char byte) const { return bytes_[byte]; }
  size_t longest() const { return longest_; }
  const O200kSplitter& splitter() const { return splitter_; }

 private:
  // `key` is the token itself up to eight bytes and the hash of a longer one.
  struct Slot {
    uint64_t key = 0;
    uint32_t id = kNone;
    uint32_t length = 0;
  };
  O200k() = default;
  Status Index(const std::string& name);

  O200kSplitter splitter_;
  std::string blob_;                  // the bytes of all tokens, one after the other
  std::vector<uint32_t> offsets_{0};  // token i is blob_[offsets_[i], offsets_[i + 1])
  std::vector<Slot> slots_;           // open addressing, a power of two
  std::vector<uint64_t> filter_;      // a bit for each hash: most of what is asked for is no token
  std::vector<uint32_t> pairs_;
  uint32_t bytes_[256];
  size_t longest_ = 0;
};

// Encodes with one thread's memory: pieces that were seen before are remembered, and most of a text
// is. Thread-compatible; the O200k must outlive it.
class O200kEncoder {
 public:
  explicit O200kEncoder(const O200k& encoding);
  ~O200kEncoder();
  O200kEncoder(O200kEncoder&&) noexcept;

  // Appends the ids of `text`, any bytes.
  void Encode(std::string_view text, std::vector<uint32_t>* out);
  size_t Count(std::string_view text);
  std::string Decode(const std::vector<uint32_t>& ids) const;

 private:
  struct Memory;
  template <typename Take>
  void Each(std::string_view text, const Take& take);

  const O200k& encoding_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace idiolect
