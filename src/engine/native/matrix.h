#pragma once
// Products with weights that do not change while they are used: the right-hand matrix is packed
// once into panels, then multiplied by rows of activations many times, one row when decoding.

#include <cstdint>
#include <vector>

#include "engine/native/compute.h"
#include "engine/native/dtype.h"

namespace idiolect::native {

// b[k + extra_k, n] in panels of 64 columns; inside a panel, for each group of rows, one group per
// column. The columns may be parts that stand side by side (q, k and v of one input); each part
// begins a panel. `extra_k` more rows are for an adapter's second factor, replaced after every step
// while the rest stays; each part's meet their own columns of the extra operand. While nobody sets
// anything: thread-safe.
class PackedMatrix {
 public:
  struct Panel {
    int64_t column = 0;   // its first, in b
    int64_t columns = 0;  // 1 … 64
    int64_t width = 0;    // that rounded up to 16
    int64_t part = 0;
    int64_t offset = 0;  // in bytes
  };

  PackedMatrix() = default;
  // All zeros. The arena must outlive it.
  PackedMatrix(Arena* arena, Dtype type, std::vector<int64_t> part_columns, int64_t k,
               int64_t extra_k = 0);

  Dtype type() const { return type_; }
  int64_t n() const { return n_; }
  int64_t k() const { return k_; }
  int64_t extra_k() const { return extra_k_; }
  int64_t groups() const { return groups_; }
  int64_t extra_groups() const { return extra_groups_; }
  const std::vector<Panel>& panels() const { return panels_; }
  char* Data(const Panel& panel) const { return data_ + panel.offset; }
  int64_t bytes() const { return bytes_; }

  // Sets columns [first, first + count) of a part, in all k rows, to rows of w[count, k]: b = wᵀ,
  // as in x·wᵀ. `first` must be a multiple of 64, and `count` too unless the part ends there.
  void SetTransposed(const Compute& compute, int64_t part, int64_t first, int64_t count,
                     const float* w);
  // Sets rows [first, first + count) of b to w[count, n]. `first` must be even, and `count`
  // unless it ends k.
  void SetRows(const Compute& compute, int64_t first, int64_t count, const float* w);
  // Sets one part's extra rows to scale · w[extra_k, the part's columns].
  void SetExtra(const Compute& compute, int64_t part, const float* w, float scale);
  // All extra rows over all parts, from w[extra_k, n].
  void SetExtra(const Compute& compute, const float* w);
  // Column c of the first k rows: a row of the matrix given to SetTransposed.
  void CopyColumn(int64_t c, float* out) const;

 private:
  void PackRowsInto(const Compute& compute, const Panel& panel, int64_t group, int64_t count,
                    const float* w, int64_t stride, float scale);

  Dtype type_ = Dtype::kF32;
  int64_t n_ = 0, k_ = 0, extra_k_ = 0, groups_ = 0, extra_groups_ = 0;
  std::vector<Panel> panels_;
  std::vector<size_t> part_panels_;    // the first of each part
  std::vector<int64_t> part_columns_;  // of b, where each begins
  char* data_ = nullptr;
  int64_t bytes_ = 0;
};

// A row-major operand; `stride` in numbers.
struct Rows {
  const void* data = nullptr;
  int64_t stride = 0;
};

struct Target {
  void* data = nullptr;
  Dtype type = Dtype::kF32;
  int64_t stride = 0;
  const float* add = nullptr;  // the product is added to this, which may be `data` itself
  int64_t add_stride = 0;
};

void Multiply(const Compute& compute, int64_t m, Rows a, const PackedMatrix& b, Target out);
void Multiply(const Compute& compute, int64_t m, Rows a, Rows extra, const PackedMatrix& b,
              Target out);

// out[rank, n] += sᵀ · x for s[t, rank], x[t, n]: an adapter's gradient. rank a multiple of 16.
void MultiplyTransposed(const Compute& compute, Dtype type, int64_t t, Rows s, int64_t rank, Rows x,
                        int64_t n, float* out);

}  // namespace idiolect::native
