#include "tokens/o200k.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "base/hash.h"
#include "tokens/byte_merge.h"

namespace idiolect {
namespace {

constexpr size_t kSlots = size_t{1} << 18;       // three quarters full with 200,000 tokens
constexpr size_t kFilterBits = size_t{1} << 21;  // a quarter of a megabyte: stays in the cache

template <typename Word>
uint64_t Load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

uint64_t Fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;  // of both compilers, not of ISO C++
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Quick for the ten bytes or so that a word has. Both ends are read, so no byte is left out. What
// is looked up is compared in full, so a bad hash costs time and nothing else.
uint64_t HashOf(std::string_view bytes) {
  constexpr uint64_t kA = 0x9e3779b97f4a7c15u, kB = 0xd6e8feb86659fd93u, kC = 0xa0761d6478bd642fu;
  const char* data = bytes.data();
  size_t size = bytes.size();
  uint64_t hash = kC ^ size;
  while (size > 16) {
    hash = Fold(Load<uint64_t>(data) ^ kA ^ hash, Load<uint64_t>(data + 8) ^ kB);
    data += 16;
    size -= 16;
  }
  uint64_t first = 0, last = 0;
  if (size >= 8) {
    first = Load<uint64_t>(data);
    last = Load<uint64_t>(data + size - 8);
  } else if (size >= 4) {
    first = Load<uint32_t>(data);
    last = Load<uint32_t>(data + size - 4);
  } else if (size > 0) {
    first = static_cast<unsigned char>(data[0]);
    last = static_cast<uint64_t>(static_cast<unsigned char>(data[size / 2])) << 8 |
           static_cast<unsigned char>(data[size - 1]);
  }
  return Fold(first ^ kA ^ hash, last ^ kB);
}

bool Equal(const char* a, const char* b, size_t size) {
  if (size < 8) {
    if (size >= 4) {
      return Load<uint32_t>(a) == Load<uint32_t>(b) &&
             Load<uint32_t>(a + size - 4) == Load<uint32_t>(b + size - 4);
    }
    for (size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  for (size_t at = 0; at + 8 < size; at += 8) {
    if (Load<uint64_t>(a + at) != Load<uint64_t>(b + at)) return false;
  }
  return Load<uint64_t>(a + size - 8) == Load<uint64_t>(b + size - 8);
}

// Up to eight bytes as a number; with the length, equal exactly for equal bytes.
uint64_t ShortKey(std::string_view bytes) {
  uint64_t key = 0;
  std::memcpy(&key, bytes.data(), bytes.size());
  return key;
}

// -1 for what is no digit of base 64.
constexpr std::array<int8_t, 256> MakeDigits() {
  std::array<int8_t, 256> digits{};
  for (auto& digit : digits) digit = -1;
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 64; ++i)
    digits[static_cast<unsigned char>(kDigits[i])] = static_cast<int8_t>(i);
  return digits;
}
constexpr auto kDigits = MakeDigits();

// False when `text` is not base 64.
bool AppendFromBase64(std::string_view text, std::string* out) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      *out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return true;
}

}  // namespace

Result<std::filesystem::path> O200kRanksFile() {
  namespace fs = std::filesystem;
  if (const char* file = std::getenv("IDIOLECT_O200K"); file != nullptr && *file != '\0')
    return fs::path(file);
  const fs::path inside = fs::path("idiolect") / "tokenizers" / "o200k_base.tiktoken";
  // Relative values are to be ignored, says the XDG specification.
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return cache / inside;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / inside;
  return Fail(ErrorKind::kFailed,
              "looking for the tokenizer's ranks: neither XDG_CACHE_HOME nor HOME is set",
              "set HOME");
}

Result<std::unique_ptr<O200k>> O200k::LoadDefault() {
  ASSIGN_OR_RETURN(const auto path, O200kRanksFile());
  if (!Exists(path)) {
    return Fail(
        ErrorKind::kNotFound,
        "counting tokens: the ranks of o200k_base are not on this machine (" + path.string() + ")",
        "run scripts/setup once; it fetches them (1.7 MB of a package) and checks them");
  }
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  if (Sha256Hex(file.bytes()) != kO200kSha256) {
    return Fail(ErrorKind::kBadInput,
                "counting tokens: " + path.string() + " is not the file of ranks of o200k_base",
                "delete it and run scripts/setup");
  }
  return FromRanks(file.bytes(), path.string());
}

Result<std::unique_ptr<O200k>> O200k::FromRanks(std::string_view ranks, const std::string& name) {
  std::unique_ptr<O200k> made(new O200k);
  made->blob_.reserve(ranks.size());
  for (size_t number = 1; !ranks.empty(); ++number) {
    const size_t end = std::min(ranks.find('\n'), ranks.size());
    const std::string_view line = ranks.substr(0, end);
    ranks.remove_prefix(std::min(end + 1, ranks.size()));
    const size_t space = line.find(' ');
    uint32_t rank = 0;
    const bool sound =
        space != line.npos && space > 0 &&
        std::from_chars(line.data() + space + 1, line.data() + line.size(), rank).ec ==
            std::errc() &&
        rank == made->size() && AppendFromBase64(line.substr(0, space), &made->blob_) &&
        made->blob_.size() > made->offsets_.back() && made->blob_.size() < UINT32_MAX;
    if (!sound) {
      return Fail(ErrorKind::kBadInput, "reading ranks: " + name + ":" + std::to_string(number) +
                                            ": not the bytes of a token in base 64 and the rank " +
                                            std::to_string(made->size()));
    }
    made->offsets_.push_back(static_cast<uint32_t>(made->blob_.size()));
  }
  RETURN_IF_ERROR(made->Index(name));
  return made;
}

Status O200k::Index(const std::string& name) {
  if (size() > kSlots / 8 * 7)
    return Fail(ErrorKind::kBadInput, "reading ranks: " + name + ": too many");
  slots_.resize(kSlots);
  filter_.assign(kFilterBits / 64, 0);
  pairs_.assign(65536, kNone);
  std::fill(std::begin(bytes_), std::end(bytes_), kNone);
  for (uint32_t id = 0; id < size(); ++id) {
    const std::string_view bytes = Bytes(id);
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
    longest_ = std::max(longest_, bytes.size());
    if (bytes.size() == 1) bytes_[byte(0)] = id;
    if (bytes.size() == 2) pairs_[byte(0) * 256u + byte(1)] = id;
    const uint64_t hash = HashOf(bytes);
    size_t at = hash & (kSlots - 1);
    while (slots_[at].id != kNone) at = (at + 1) & (kSlots - 1);
    slots_[at] = {bytes.size() <= 8 ? ShortKey(bytes) : hash, id,
                  static_cast<uint32_t>(bytes.size())};
    const size_t bit = (hash >> 40) & (kFilterBits - 1);
    filter_[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (bytes_[byte] == kNone) {
      return Fail(ErrorKind::kBadInput,
                  "reading ranks: " + name + ": no token for the byte " + std::to_string(byte));
    }
  }
  return {};
}

std::string_view O200k::Bytes(uint32_t id) const {
  if (id >= size()) return {};
  return std::string_view(blob_).substr(offsets_[id], offsets_[id + 1] - offsets_[id]);
}

uint32_t O200k::Find(std::string_view bytes) const {
  const uint64_t hash = HashOf(bytes);
  const size_t bit = (hash >> 40) & (kFilterBits - 1);
  if (!(filter_[bit / 64] >> (bit % 64) & 1)) return kNone;
  const bool is_short = bytes.size() <= 8;
  const uint64_t key = is_short ? ShortKey(bytes) : hash;
  for (size_t at = hash & (kSlots - 1);; at = (at + 1) & (kSlots - 1)) {
    const Slot& slot = slots_[at];
    if (slot.id == kNone) return kNone;
    if (slot.key == key && slot.length == bytes.size() &&
        (is_short || Equal(blob_.data() + offsets_[slot.id], bytes.data(), bytes.size()))) {
      return slot.id;
    }
  }
}

// One cache line: a piece and its ids. Direct-mapped: the last piece of a slot wins.
struct O200kEncoder::Memory {
  static constexpr size_t kKey = 34, kIds = 7;
  struct alignas(64) Seen {
    uint8_t length = 0;  // 0: empty
    uint8_t count = 0;
    char key[kKey];
    uint32_t ids[kIds];
  };
  static_assert(sizeof(Seen) == 64);
  static constexpr size_t kSeen = size_t{1} << 16;  // four megabytes

  std::vector<Seen> seen{kSeen};
  ByteMerge merge;
};

O200kEncoder::O200kEncoder(const O200k& encoding)
    : encoding_(encoding), memory_(std::make_unique<Memory>()) {}
O200kEncoder::~O200kEncoder() = default;
O200kEncoder::O200kEncoder(O200kEncoder&&) noexcept = default;

// Calls take(ids, count) for each piece in order.
template <typename Take>
void O200kEncoder::Each(std::string_view text, const Take& take) {
  Memory& memory = *memory_;
  const O200kSplitter& splitter = encoding_.splitter();
  for (size_t at = 0; at < text.size();) {
    const size_t end = splitter.PieceEnd(text, at);
    const std::string_view piece = text.substr(at, end - at);
    at = end;
    if (piece.size() > Memory::kKey) {
      if (piece.size() <= encoding_.longest()) {
        if (const uint32_t id = encoding_.Find(piece); id != O200k::kNone) {
          take(&id, size_t{1});
          continue;
        }
      }
      memory.merge.Run(encoding_, piece);
      take(memory.merge.ids().data(), memory.merge.ids().size());
      continue;
    }
    Memory::Seen& seen = memory.seen[(HashOf(piece) >> 20) & (Memory::kSeen - 1)];
    if (seen.length == piece.size() && Equal(seen.key, piece.data(), piece.size())) {
      take(seen.ids, size_t{seen.count});
      continue;
    }
    const uint32_t id = encoding_.Find(piece);
    const uint32_t* ids = &id;
    size_t count = 1;
    if (id == O200k::kNone) {
      memory.merge.Run(encoding_, piece);
      ids = memory.merge.ids().data();
      count = memory.merge.ids().size();
    }
    if (count <= Memory::kIds) {
      seen.length = static_cast<uint8_t>(piece.size());
      seen.count = static_cast<uint8_t>(count);
      std::memcpy(seen.key, piece.data(), piece.size());
      std::memcpy(seen.ids, ids, count * sizeof *ids);
    }
    take(ids, count);
  }
}

void O200kEncoder::Encode(std::string_view text, std::vector<uint32_t>* out) {
  Each(text, [out](const uint32_t* ids, size_t count) {
    if (count == 1) {
      out->push_back(*ids);
    } else {
      out->insert(out->end(), ids, ids + count);
    }
  });
}

size_t O200kEncoder::Count(std::string_view text) {
  size_t total = 0;
  Each(text, [&total](const uint32_t*, size_t count) { total += count; });
  return total;
}

std::string O200kEncoder::Decode(const std::vector<uint32_t>& ids) const {
  std::string text;
  for (const uint32_t id : ids) text += encoding_.Bytes(id);
  return text;
}

}  // namespace idiolect
