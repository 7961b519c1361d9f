#pragma once
// Weights multiplied as the file packs them, in 4 to 8 bits: their codes are only laid out anew, so
// that sixteen columns are computed side by side. Activations are rounded to eight bits by blocks
// of 32, as llama.cpp does, and sums within a block are exact.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/files/quant_codes.h"
#include "engine/native/matrix.h"

namespace idiolect::native {

// Rows of activations in eight bits. Reused from product to product; thread-compatible.
struct QuantRows {
  Buffer memory;
  int64_t blocks = 0;  // of a row

  const QuantBlock* data() const { return memory.as<QuantBlock>(); }
  // k must be a multiple of 32.
  void Set(const Compute& compute, Dtype type, int64_t m, Rows rows, int64_t k);
};

// b[k, n], n in parts as PackedMatrix has them; each part in a packing of its own. Constant once
// its parts are set, hence thread-safe.
class QuantMatrix {
 public:
  QuantMatrix() = default;

  struct Part {
    GgmlType type;
    int64_t columns;
    std::string_view bytes;             // a row of the file's tensor is a column here
    const std::vector<int64_t>* order;  // column c is row order[c]; null: c
  };
  // The arena must outlive it. Every type must be one of CanMultiply's.
  QuantMatrix(const Compute& compute, Arena* arena, const std::vector<Part>& parts, int64_t k);

  int64_t n() const { return n_; }
  int64_t k() const { return k_; }
  int64_t bytes() const { return bytes_; }
  bool empty() const { return panels_.empty(); }
  // Every scale is a number.
  bool sound() const { return sound_; }
  void CopyColumn(int64_t c, float* out) const;

 private:
  friend void Multiply(const Compute& compute, int64_t m, const QuantRows& a, const QuantMatrix& b,
                       Target out);
  struct Panel {
    QuantKind kind;
    int64_t column, columns;  // 1 … 16
    int64_t offset;
  };

  int64_t n_ = 0, k_ = 0;
  int64_t bytes_ = 0;
  char* data_ = nullptr;
  bool sound_ = true;
  std::vector<Panel> panels_;
  std::vector<size_t> part_panels_;
  std::vector<int64_t> part_columns_;
};

// out = a · b (+ out.add).
void Multiply(const Compute& compute, int64_t m, const QuantRows& a, const QuantMatrix& b,
              Target out);

}  // namespace idiolect::native
