#pragma once
// Causal attention over spans of rows that cannot see each other, forward and backward. The score
// matrix exists only for a block of rows at a time; backward makes it again from the logarithms of
// the softmax sums.

#include <cstdint>
#include <vector>

#include "engine/native/compute.h"
#include "engine/native/matrix.h"

namespace idiolect::native {

struct AttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  float scale = 1;
  int64_t window = 0;  // positions seen, one's own included; 0: all before
};

// Query row query + i stands at key row key + keys - queries + i and sees what is before it in the
// span. In training both are the same rows; with a cache there are more keys than queries.
struct Span {
  int64_t query = 0, queries = 0;
  int64_t key = 0, keys = 0;
};

struct AttentionInput {
  Dtype type = Dtype::kF32;
  AttentionShape shape;
  const std::vector<Span>* spans = nullptr;
  int64_t rows = 0;  // all query rows
  Rows q, k, v;      // a row holds its heads side by side
};

// out [rows, heads * head_dim]. log_sums [heads, rows], may be null when no backward follows.
void Attention(const Compute& compute, const AttentionInput& in, void* out, int64_t out_stride,
               float* log_sums);

// Gradients with respect to q, k and v, written to rows as `in`'s (overwritten, not added to).
struct AttentionGradient {
  Rows out;    // forward's result
  Rows d_out;  // gradient of it
  const float* log_sums = nullptr;
  void* dq = nullptr;
  void* dk = nullptr;
  void* dv = nullptr;
  int64_t stride = 0;  // of all three
};
// Only for spans whose queries are their keys.
void AttentionBackward(const Compute& compute, const AttentionInput& in,
                       const AttentionGradient& gradient);

// One query row against `keys` cached rows of its own, for decoding.
struct OneQuery {
  const void* q = nullptr;
  Rows k, v;
  int64_t keys = 0;
  float* out = nullptr;  // [heads * head_dim]
};
void AttendEach(const Compute& compute, Dtype type, const AttentionShape& shape,
                const std::vector<OneQuery>& queries);

}  // namespace idiolect::native
