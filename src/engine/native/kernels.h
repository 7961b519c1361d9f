#pragma once
// The arithmetic of one row or one tile, as plain functions over pointers. The same text
// (kernels.inc) is compiled for several instruction sets; ChooseKernels() picks the best that the
// processor has. Threads, blocking and shapes are the callers' business.
//
// Where a function exists for both number formats, it is a table indexed by Dtype and takes void
// pointers to numbers of that format.

#include <cstdint>
#include <vector>

#include "engine/files/quant_codes.h"
#include "engine/native/dtype.h"

namespace idiolect::native {

constexpr int64_t kTileRows = 6;
constexpr int64_t kPanelColumns = 64;

// out[rows, columns] = a · b (+ add), for rows <= kTileRows, columns <= kPanelColumns.
//
// A step of the product takes a group: one f32, or two neighbouring bf16 (four bytes). Group g of
// row i of `a` is at a + i * row_bytes + g * group_bytes, so `a` may be a matrix or, interleaved by
// row pairs, a transposed one. `b` is one panel: for each group, `panel_columns` times four bytes.
// The second part (a2, groups2) goes on in the same panel; it carries LoRA's rank.
struct Tile {
  int64_t rows = 0;
  int64_t columns = 0;
  const char* a = nullptr;
  int64_t row_bytes = 0;
  int64_t group_bytes = 4;
  int64_t groups = 0;
  const char* a2 = nullptr;
  int64_t row_bytes2 = 0;
  int64_t groups2 = 0;
  const char* b = nullptr;
  int64_t panel_columns = kPanelColumns;  // a multiple of 16
  const float* add = nullptr;             // what the sum starts from; null: zero
  int64_t add_stride = 0;
  void* out = nullptr;  // f32 or bf16 by out_type
  Dtype out_type = Dtype::kF32;
  int64_t out_stride = 0;  // in numbers
};

// 32 activations rounded to eight bits: a value is scale * values[i].
struct QuantBlock {
  int8_t values[32];  // -127 … 127
  float scale;
  int32_t sums[2];  // of each half's values
};

// out[rows, columns <= 16] = a · b (+ add) for packed weights. `b` is one panel: for each block of
// 32 rows, the codes of its sixteen columns, their scales and minimums (quant_matrix.cc).
struct QuantTile {
  int64_t rows = 0;
  int64_t columns = 0;
  const QuantBlock* a = nullptr;
  int64_t a_stride = 0;  // in blocks
  int64_t blocks = 0;
  const char* b = nullptr;
  const float* add = nullptr;
  int64_t add_stride = 0;
  void* out = nullptr;
  Dtype out_type = Dtype::kF32;
  int64_t out_stride = 0;
};

enum class Gate : int { kSilu = 0, kGeluTanh = 1 };

struct AdamStep {
  float rate = 0;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float weight_decay = 0;
  float correction1 = 1;  // 1 - beta1^t
  float correction2 = 1;
  float gradient_scale = 1;  // of clipping
};

struct RowLoss {
  float loss = 0;
  bool correct = false;
};

struct Kernels {
  const char* name;      // "avx512-bf16", "avx2", "portable"
  bool multiplies_bf16;  // bf16 products are faster than f32 ones
  int64_t tile_columns;  // that a tile has registers for: 64, or 16 at a time

  void (*tile[2])(const Tile&);

  void (*quant_tile[kQuantKinds])(const QuantTile&);
  // `blocks` times 32 numbers; they must be finite.
  void (*quantize_row[2])(const void* x, int64_t blocks, QuantBlock* out);

  void (*to_bf16)(const float* from, int64_t n, uint16_t* to);
  void (*to_f32)(const uint16_t* from, int64_t n, float* to);
  // Panels of the transposed rows: source[n rows, k] as b[k, n]. One panel of `columns` <= 64 rows,
  // zero-filled up to `panel_columns` and whole groups.
  void (*pack_rows[2])(const void* source, int64_t stride, int64_t columns, int64_t k,
                       int64_t panel_columns, char* panel);
  // The same for source[k, n] as b[k, n].
  void (*pack_columns[2])(const void* source, int64_t stride, int64_t columns, int64_t k,
                          int64_t panel_columns, char* panel);

  // RMSNorm of one row; returns 1 / rms.
  float (*rms_norm[2])(const float* x, const float* weight, int64_t n, float epsilon, void* out);
  // out = residual + norm(x).
  float (*rms_norm_add)(const float* x, const float* weight, const float* residual, int64_t n,
                        float epsilon, float* out);
  // dx += (gradient of norm at x).
  void (*rms_norm_backward_add)(const float* dy, const float* x, const float* weight,
                                float inverse_rms, int64_t n, float* dx);
  // dx = the same.
  void (*rms_norm_backward[2])(const float* dy, const float* x, const float* weight,
                               float inverse_rms, int64_t n, void* dx);

  // One head of one position: RMSNorm when `weight` is given, then rotation of the first
  // 2 * half numbers by cosines and sines [half]. `in` may equal `out`.
  void (*head_rotate[2])(const void* in, const float* weight, float epsilon, const float* cosines,
                         const float* sines, int64_t half, int64_t n, void* out);
  // `gradient` is of the output and becomes that of the input; `in` is read only with a weight.
  void (*head_rotate_backward[2])(void* gradient, const void* in, const float* weight,
                                  float epsilon, const float* cosines, const float* sines,
                                  int64_t half, int64_t n);

  // out = activation(gate) * up.
  void (*gated[2])(Gate kind, const void* gate, const void* up, int64_t n, void* out);
  void (*gated_backward[2])(Gate kind, const void* gate, const void* up, const void* gradient,
                            int64_t n, void* d_gate, void* d_up);

  // scores[first, last) → probabilities in place, f32; the rest of [0, n) becomes zero. Returns
  // log of the sum of exponents of scale * score.
  float (*softmax)(float* scores, int64_t first, int64_t last, int64_t n, float scale);
  // p = exp(scale * s - log_sum), ds = p * (dp - delta) * scale; zero outside [first, last).
  // s becomes p, dp becomes ds.
  void (*softmax_backward)(float* s, float* dp, int64_t first, int64_t last, int64_t n, float scale,
                           float log_sum, float delta);
  // Writes rows a and b (b may be null: zeros) of n f32 as the transposed operand of a tile: for
  // bf16 interleaved, for f32 row after row (`stride` numbers apart).
  void (*interleave[2])(const float* a, const float* b, int64_t n, int64_t stride, void* out);

  // Softmax cross-entropy of one row of logits; the gradient times `scale` goes to `gradient`,
  // which may be `logits` itself.
  RowLoss (*cross_entropy[2])(const float* logits, int64_t n, int64_t target, float scale,
                              void* gradient);
  float (*cross_entropy_only)(const float* logits, int64_t n, int64_t target, bool* correct);

  // out[16, n] += sum over t of s[t, 16] * x[t, n]; `s` interleaved by `interleave` with n = 16.
  void (*outer[2])(const void* s, const void* x, int64_t stride, int64_t t, int64_t n, float* out,
                   int64_t out_stride);

  float (*dot[2])(const void* a, const void* b, int64_t n);  // both of the format
  void (*add_scaled[2])(float scale, const void* x, int64_t n, float* y);
  void (*add_row[2])(const float* bias, int64_t n, void* x);
  double (*sum_squares)(const float* x, int64_t n);
  void (*adam)(const AdamStep& step, const float* gradient, int64_t n, float* weight,
               float* moment1, float* moment2);
};

// The best set for this processor; a constant.
const Kernels& ChooseKernels();
const Kernels& PortableKernels();
// All that this processor can run, the best last; for tests.
std::vector<const Kernels*> UsableKernels();
// What the processor has, for messages: "AVX-512, BF16".
const char* DescribeProcessor();

}  // namespace idiolect::native
