#include "engine/native/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace idiolect::native {
namespace {

constexpr int64_t kBlockRows = 48;  // a multiple of kTileRows and of the group

int64_t RoundUp(int64_t x, int64_t to) {
  return (x + to - 1) / to * to;
}

const char* At(Rows rows, int64_t row, int64_t column, int64_t size) {
  return static_cast<const char*>(rows.data) + (row * rows.stride + column) * size;
}

// A right-hand matrix packed on the way: panels of 64 columns, one after another.
struct Packed {
  char* data = nullptr;
  int64_t columns = 0;
  int64_t groups = 0;

  int64_t Width(int64_t panel) const {
    return std::min(kPanelColumns, RoundUp(columns - panel * kPanelColumns, 16));
  }
  char* Panel(int64_t panel) const { return data + panel * kPanelColumns * groups * 4; }
  int64_t panels() const { return (columns + kPanelColumns - 1) / kPanelColumns; }
};
int64_t PackedBytes(int64_t columns, int64_t groups) {
  return RoundUp(columns, 16) * groups * 4;
}

// Working memory of one thread, kept between calls because fresh pages cost more than the product.
// It holds nothing from one call to the next.
template <int kWhich>
char* Scratch(int64_t bytes) {
  thread_local Buffer buffer;
  buffer.Reserve(bytes);
  return buffer.data();
}

class Blocks {
 public:
  Blocks(const Compute& compute, const AttentionInput& in)
      : kernels_(*compute.kernels),
        in_(in),
        index_(static_cast<int>(in.type)),
        size_(SizeOf(in.type)),
        group_(GroupOf(in.type)),
        dim_(in.shape.head_dim),
        dim_groups_((dim_ + group_ - 1) / group_) {}

  int64_t KeyBytes(const Span& span) const { return PackedBytes(span.keys, dim_groups_); }
  int64_t ValueBytes(const Span& span) const {
    return PackedBytes(dim_, (span.keys + group_ - 1) / group_);
  }

  // rows [first, first + count) of one head as the columns of a right-hand matrix [dim, count].
  Packed PackAsColumns(Rows rows, int64_t first, int64_t count, int64_t column, char* to) const {
    const Packed packed{to, count, dim_groups_};
    for (int64_t p = 0; p < packed.panels(); ++p) {
      const int64_t at = p * kPanelColumns;
      kernels_.pack_rows[index_](At(rows, first + at, column, size_), rows.stride,
                                 std::min(kPanelColumns, count - at), dim_, packed.Width(p),
                                 packed.Panel(p));
    }
    return packed;
  }
  // The same rows as the rows of [count, dim].
  Packed PackAsRows(Rows rows, int64_t first, int64_t count, int64_t column, char* to) const {
    const Packed packed{to, dim_, (count + group_ - 1) / group_};
    for (int64_t p = 0; p < packed.panels(); ++p) {
      const int64_t at = p * kPanelColumns;
      kernels_.pack_columns[index_](At(rows, first, column + at, size_), rows.stride,
                                    std::min(kPanelColumns, dim_ - at), count, packed.Width(p),
                                    packed.Panel(p));
    }
    return packed;
  }

  // Which keys a block of query rows sees. `low` is where a panel begins.
  struct Range {
    int64_t first_position, low, high, stride;
  };
  Range RangeOf(const Span& span, int64_t row, int64_t rows) const {
    Range range;
    range.first_position = span.keys - span.queries + row;
    range.low = FirstKey(range.first_position) / kPanelColumns * kPanelColumns;
    range.high = range.first_position + rows;
    range.stride = RoundUp(range.high - range.low, kPanelColumns);
    return range;
  }
  int64_t FirstKey(int64_t position) const {
    return in_.shape.window > 0 ? std::max<int64_t>(0, position - in_.shape.window + 1) : 0;
  }

  // scores[i, key - low] = a_i · key, f32; keys after a row tile's last row are left as they are.
  void Scores(const char* a, int64_t stride, int64_t rows, const Range& range, const Packed& keys,
              float* scores) const {
    for (int64_t p = range.low / kPanelColumns; p < keys.panels(); ++p) {
      const int64_t key = p * kPanelColumns;
      if (key >= range.high) break;
      for (int64_t i = 0; i < rows; i += kTileRows) {
        Tile tile;
        tile.rows = std::min(kTileRows, rows - i);
        if (key > range.first_position + i + tile.rows - 1) continue;
        tile.columns = std::min(kPanelColumns, keys.columns - key);
        tile.a = a + i * stride * size_;
        tile.row_bytes = stride * size_;
        tile.groups = dim_groups_;
        tile.b = keys.Panel(p);
        tile.panel_columns = keys.Width(p);
        tile.out = scores + i * range.stride + key - range.low;
        tile.out_stride = range.stride;
        kernels_.tile[index_](tile);
      }
    }
  }

  // out[i] = Σ p[i, key - low] · values[key].
  void Weigh(const char* p, int64_t rows, const Range& range, const Packed& values, void* out,
             int64_t out_stride) const {
    for (int64_t panel = 0; panel < values.panels(); ++panel) {
      for (int64_t i = 0; i < rows; i += kTileRows) {
        Tile tile;
        tile.rows = std::min(kTileRows, rows - i);
        tile.columns = std::min(kPanelColumns, dim_ - panel * kPanelColumns);
        tile.a = p + i * range.stride * size_;
        tile.row_bytes = range.stride * size_;
        const int64_t seen = range.first_position + i + tile.rows - range.low;
        tile.groups = (seen + group_ - 1) / group_;
        tile.panel_columns = values.Width(panel);
        tile.b = values.Panel(panel) + range.low / group_ * tile.panel_columns * 4;
        tile.out_type = in_.type;
        tile.out_stride = out_stride;
        tile.out = static_cast<char*>(out) + (i * out_stride + panel * kPanelColumns) * size_;
        kernels_.tile[index_](tile);
      }
    }
  }

  // sums[key, dim] += Σ over i of p[i, key - low] · rows[i], `p` interleaved over i.
  void Spread(const char* p, int64_t rows, const Range& range, const Packed& packed_rows,
              float* sums) const {
    for (int64_t panel = 0; panel < packed_rows.panels(); ++panel) {
      for (int64_t key = range.low; key < range.high; key += kTileRows) {
        Tile tile;
        tile.rows = std::min(kTileRows, range.high - key);
        tile.columns = std::min(kPanelColumns, dim_ - panel * kPanelColumns);
        tile.a = p + (key - range.low) * 4;
        tile.row_bytes = 4;
        tile.group_bytes = range.stride * 4;
        tile.groups = (rows + group_ - 1) / group_;
        tile.panel_columns = packed_rows.Width(panel);
        tile.b = packed_rows.Panel(panel);
        float* out = sums + key * dim_ + panel * kPanelColumns;
        tile.out = out;
        tile.out_stride = dim_;
        tile.add = out;
        tile.add_stride = dim_;
        kernels_.tile[index_](tile);
      }
    }
  }

  void Forward(const Span& span, int64_t head, int64_t row, const Packed& keys,
               const Packed& values, void* out, int64_t out_stride, float* log_sums) const {
    const int64_t rows = std::min(kBlockRows, span.queries - row);
    const Range range = RangeOf(span, row, rows);
    auto* scores = reinterpret_cast<float*>(Scratch<0>(kBlockRows * range.stride * 4));
    const int64_t first_row = span.query + row;
    Scores(At(in_.q, first_row, head * dim_, size_), in_.q.stride, rows, range, keys, scores);
    char* p = in_.type == Dtype::kF32 ? reinterpret_cast<char*>(scores)
                                      : Scratch<1>(kBlockRows * range.stride * 2);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t position = range.first_position + i;
      float* s = scores + i * range.stride;
      const float log_sum =
          kernels_.softmax(s, FirstKey(position) - range.low, position + 1 - range.low,
                           range.stride, in_.shape.scale);
      if (log_sums != nullptr) log_sums[head * in_.rows + first_row + i] = log_sum;
      if (in_.type == Dtype::kBf16) {
        kernels_.to_bf16(s, range.stride, reinterpret_cast<uint16_t*>(p) + i * range.stride);
      }
    }
    Weigh(p, rows, range, values,
          static_cast<char*>(out) + (first_row * out_stride + head * dim_) * size_, out_stride);
  }

  // Everything of one head in one span; dk and dv [keys, dim] f32 are added to.
  void Backward(const AttentionGradient& gradient, const Span& span, int64_t head,
                const Packed& keys, const Packed& values, const Packed& key_rows, float* dk,
                float* dv) const {
    const int64_t most = RoundUp(span.keys, kPanelColumns) * kBlockRows;
    for (int64_t row = 0; row < span.queries; row += kBlockRows) {
      const int64_t rows = std::min(kBlockRows, span.queries - row);
      const Range range = RangeOf(span, row, rows);
      const int64_t first_row = span.query + row;
      auto* s = reinterpret_cast<float*>(Scratch<0>(most * 4));
      auto* dp = reinterpret_cast<float*>(Scratch<2>(most * 4));
      const char* q = At(in_.q, first_row, head * dim_, size_);
      const char* d_out = At(gradient.d_out, first_row, head * dim_, size_);
      Scores(q, in_.q.stride, rows, range, keys, s);
      Scores(d_out, gradient.d_out.stride, rows, range, values, dp);

      char* ds = in_.type == Dtype::kF32 ? reinterpret_cast<char*>(dp) : Scratch<1>(most * 2);
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t position = range.first_position + i;
        const float delta =
            kernels_.dot[index_](d_out + i * gradient.d_out.stride * size_,
                                 At(gradient.out, first_row + i, head * dim_, size_), dim_);
        kernels_.softmax_backward(s + i * range.stride, dp + i * range.stride,
                                  FirstKey(position) - range.low, position + 1 - range.low,
                                  range.stride, in_.shape.scale,
                                  gradient.log_sums[head * in_.rows + first_row + i], delta);
        if (in_.type == Dtype::kBf16) {
          kernels_.to_bf16(dp + i * range.stride, range.stride,
                           reinterpret_cast<uint16_t*>(ds) + i * range.stride);
        }
      }
      Weigh(ds, rows, range, key_rows,
            static_cast<char*>(gradient.dq) + (first_row * gradient.stride + head * dim_) * size_,
            gradient.stride);

      char* pack = Scratch<3>(PackedBytes(dim_, kBlockRows));
      Spread(Interleaved<4>(s, rows, range), rows, range,
             PackAsRows(gradient.d_out, first_row, rows, head * dim_, pack), dv);
      Spread(Interleaved<4>(dp, rows, range), rows, range,
             PackAsRows(in_.q, first_row, rows, head * dim_, pack), dk);
    }
  }

 private:
  template <int kWhich>
  const char* Interleaved(const float* x, int64_t rows, const Range& range) const {
    if (in_.type == Dtype::kF32) return reinterpret_cast<const char*>(x);
    char* to = Scratch<kWhich>(kBlockRows / 2 * range.stride * 4);
    for (int64_t i = 0; i < rows; i += 2) {
      kernels_.interleave[index_](x + i * range.stride,
                                  i + 1 < rows ? x + (i + 1) * range.stride : nullptr, range.stride,
                                  range.stride, to + i / 2 * range.stride * 4);
    }
    return to;
  }

  const Kernels& kernels_;
  const AttentionInput& in_;
  const int index_;
  const int64_t size_, group_, dim_, dim_groups_;
};

struct Task {
  int64_t span, head, row;
};

// Where the packed keys or values of (span, kv head) lie in one buffer.
struct Offsets {
  std::vector<int64_t> of_span;
  int64_t total = 0;
};
template <typename Bytes>
Offsets Lay(const AttentionInput& in, Bytes bytes) {
  Offsets offsets;
  for (const Span& span : *in.spans) {
    offsets.of_span.push_back(offsets.total);
    offsets.total += bytes(span) * in.shape.kv_heads;
  }
  return offsets;
}

}  // namespace

void Attention(const Compute& compute, const AttentionInput& in, void* out, int64_t out_stride,
               float* log_sums) {
  const Blocks blocks(compute, in);
  const std::vector<Span>& spans = *in.spans;
  const int64_t kv_heads = in.shape.kv_heads;
  const int64_t dim = in.shape.head_dim;
  const Offsets key_at = Lay(in, [&](const Span& s) { return blocks.KeyBytes(s); });
  const Offsets value_at = Lay(in, [&](const Span& s) { return blocks.ValueBytes(s); });
  char* key_memory = Scratch<5>(key_at.total);
  char* value_memory = Scratch<6>(value_at.total);
  const auto pairs = static_cast<int64_t>(spans.size()) * kv_heads;
  std::vector<Packed> keys(static_cast<size_t>(pairs)), values(keys.size());
  compute.pool->For(pairs, [&](int64_t i) {
    const auto s = static_cast<size_t>(i / kv_heads);
    const int64_t h = i % kv_heads;
    const Span& span = spans[s];
    keys[static_cast<size_t>(i)] =
        blocks.PackAsColumns(in.k, span.key, span.keys, h * dim,
                             key_memory + key_at.of_span[s] + h * blocks.KeyBytes(span));
    values[static_cast<size_t>(i)] =
        blocks.PackAsRows(in.v, span.key, span.keys, h * dim,
                          value_memory + value_at.of_span[s] + h * blocks.ValueBytes(span));
  });
  std::vector<Task> tasks;
  for (size_t s = 0; s < spans.size(); ++s) {
    for (int64_t head = 0; head < in.shape.heads; ++head) {
      for (int64_t row = 0; row < spans[s].queries; row += kBlockRows) {
        tasks.push_back({static_cast<int64_t>(s), head, row});
      }
    }
  }
  const int64_t per_kv = in.shape.heads / kv_heads;
  compute.pool->For(static_cast<int64_t>(tasks.size()), [&](int64_t i) {
    // From the end: the last blocks of a span see most keys.
    const Task& task = tasks[tasks.size() - 1 - static_cast<size_t>(i)];
    const auto pair = static_cast<size_t>(task.span * kv_heads + task.head / per_kv);
    blocks.Forward(spans[static_cast<size_t>(task.span)], task.head, task.row, keys[pair],
                   values[pair], out, out_stride, log_sums);
  });
}

void AttentionBackward(const Compute& compute, const AttentionInput& in,
                       const AttentionGradient& gradient) {
  const Blocks blocks(compute, in);
  const std::vector<Span>& spans = *in.spans;
  const int64_t kv_heads = in.shape.kv_heads;
  const int64_t heads = in.shape.heads;
  const int64_t per_kv = heads / kv_heads;
  const int64_t dim = in.shape.head_dim;
  const int64_t size = SizeOf(in.type);
  const Offsets key_at = Lay(in, [&](const Span& s) { return blocks.KeyBytes(s); });
  const Offsets value_at = Lay(in, [&](const Span& s) { return blocks.ValueBytes(s); });
  char* key_memory = Scratch<5>(2 * key_at.total);
  char* key_row_memory = Scratch<6>(value_at.total);
  const auto pairs = static_cast<int64_t>(spans.size()) * kv_heads;
  std::vector<Packed> keys(static_cast<size_t>(pairs)), values(keys.size()), key_rows(keys.size());
  compute.pool->For(pairs, [&](int64_t i) {
    const auto s = static_cast<size_t>(i / kv_heads);
    const int64_t h = i % kv_heads;
    const Span& span = spans[s];
    char* to = key_memory + key_at.of_span[s] + h * blocks.KeyBytes(span);
    keys[static_cast<size_t>(i)] = blocks.PackAsColumns(in.k, span.key, span.keys, h * dim, to);
    values[static_cast<size_t>(i)] =
        blocks.PackAsColumns(in.v, span.key, span.keys, h * dim, to + key_at.total);
    key_rows[static_cast<size_t>(i)] =
        blocks.PackAsRows(in.k, span.key, span.keys, h * dim,
                          key_row_memory + value_at.of_span[s] + h * blocks.ValueBytes(span));
  });

  // Each query head sums its own gradients of k and v; heads that share them are added afterwards
  // in their order, so that the result does not depend on the threads.
  const int64_t plane = in.rows * dim;
  auto* dk = reinterpret_cast<float*>(Scratch<7>(2 * heads * plane * 4));
  float* dv = dk + heads * plane;
  std::vector<size_t> order(spans.size());
  for (size_t s = 0; s < order.size(); ++s) order[s] = s;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return spans[a].keys != spans[b].keys ? spans[a].keys > spans[b].keys : a < b;
  });
  compute.pool->For(static_cast<int64_t>(spans.size()) * heads, [&](int64_t i) {
    const size_t s = order[static_cast<size_t>(i / heads)];
    const int64_t head = i % heads;
    const Span& span = spans[s];
    const auto pair = s * static_cast<size_t>(kv_heads) + static_cast<size_t>(head / per_kv);
    float* dk_head = dk + head * plane + span.key * dim;
    float* dv_head = dv + head * plane + span.key * dim;
    std::memset(dk_head, 0, static_cast<size_t>(span.keys * dim) * 4);
    std::memset(dv_head, 0, static_cast<size_t>(span.keys * dim) * 4);
    blocks.Backward(gradient, span, head, keys[pair], values[pair], key_rows[pair], dk_head,
                    dv_head);
  });
  compute.Ranges(in.rows, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      for (int64_t h = 0; h < kv_heads; ++h) {
        for (auto [sums, out] : {std::pair{dk, gradient.dk}, {dv, gradient.dv}}) {
          float* total = sums + h * per_kv * plane + row * dim;
          for (int64_t other = 1; other < per_kv; ++other) {
            compute.kernels->add_scaled[0](1.0f, total + other * plane, dim, total);
          }
          char* to = static_cast<char*>(out) + (row * gradient.stride + h * dim) * size;
          if (in.type == Dtype::kF32) {
            std::memcpy(to, total, static_cast<size_t>(dim) * 4);
          } else {
            compute.kernels->to_bf16(total, dim, reinterpret_cast<uint16_t*>(to));
          }
        }
      }
    }
  });
}

void AttendEach(const Compute& compute, Dtype type, const AttentionShape& shape,
                const std::vector<OneQuery>& queries) {
  const int index = static_cast<int>(type);
  const int64_t size = SizeOf(type);
  const int64_t dim = shape.head_dim;
  const int64_t per_kv = shape.heads / shape.kv_heads;
  auto first_of = [&](const OneQuery& one) {
    return shape.window > 0 ? std::max<int64_t>(0, one.keys - shape.window) : 0;
  };
  auto attend = [&](int64_t item) {
    const Kernels& kernels = *compute.kernels;
    const OneQuery& one = queries[static_cast<size_t>(item / shape.heads)];
    const int64_t head = item % shape.heads;
    const int64_t first = first_of(one);
    auto* scores = reinterpret_cast<float*>(Scratch<0>((one.keys + 64) * 4));
    const char* query = static_cast<const char*>(one.q) + head * dim * size;
    const int64_t column = head / per_kv * dim;
    for (int64_t i = first; i < one.keys; ++i) {
      scores[i - first] = kernels.dot[index](query, At(one.k, i, column, size), dim);
    }
    kernels.softmax(scores, 0, one.keys - first, one.keys - first, shape.scale);
    float* to = one.out + head * dim;
    std::memset(to, 0, static_cast<size_t>(dim) * 4);
    for (int64_t i = first; i < one.keys; ++i) {
      kernels.add_scaled[index](scores[i - first], At(one.v, i, column, size), dim, to);
    }
  };
  const int64_t items = static_cast<int64_t>(queries.size()) * shape.heads;
  int64_t keys = 0;
  for (const OneQuery& one : queries) keys += one.keys - first_of(one);
  // A loop over threads costs some microseconds: as much as two hundred keys.
  if (keys < 192) {
    for (int64_t item = 0; item < items; ++item) attend(item);
  } else {
    compute.pool->For(items, attend);
  }
}

}  // namespace idiolect::native
