#include "engine/native/matrix.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/files/dequantize.h"

namespace idiolect::native {
namespace {

// Beyond this many groups a panel no longer stays in the second-level cache while a block of rows
// passes over it, so the product is cut and summed in the output.
constexpr int64_t kMostGroups = 1024;

// Groups of sixteen columns that are gone over by many rows while they lie in the first-level
// cache: 16 KiB, and an adapter's rank.
constexpr int64_t kNearGroups = 256;
constexpr int64_t kMostNearGroups = 512;
constexpr int64_t kNearColumns = 16;
// The copy takes every fourth line of memory, which no processor expects by itself.
constexpr int64_t kGroupsAhead = 16;

// Rows that pass over a panel at a time. Copying it again for the next ones costs more than rows
// that leave the second-level cache.
constexpr int64_t kFarRows = 96, kNearRows = 192;

// A loop over threads costs some microseconds; fewer steps than this are done sooner alone.
constexpr int64_t kLeastShared = 40000;

struct Plan {
  int64_t row_block, panel_block;
};

// Pieces small enough that the threads finish together, large enough that a panel is reused.
Plan PlanFor(int64_t m, int64_t panels, int64_t work, int threads, int64_t most_rows) {
  if (threads == 1 || work < kLeastShared) return {std::min(m, most_rows), panels};
  // With few rows the time goes into streaming b, which is fastest in long stretches.
  const int64_t wanted = m <= kTileRows ? threads : 12 * threads;
  Plan plan{std::min<int64_t>((m + kTileRows - 1) / kTileRows * kTileRows, most_rows), panels};
  auto pieces = [&] {
    return ((m + plan.row_block - 1) / plan.row_block) *
           ((panels + plan.panel_block - 1) / plan.panel_block);
  };
  while (pieces() < wanted && plan.panel_block > 1) plan.panel_block = (plan.panel_block + 1) / 2;
  while (pieces() < wanted && plan.row_block > 24) plan.row_block /= 2;
  plan.row_block = std::max<int64_t>(kTileRows, plan.row_block / kTileRows * kTileRows);
  return plan;
}

// What one thread multiplies: rows [first, last) by a panel.
struct Piece {
  int64_t first_row, last_row;
  Rows a, extra;
  Target out;
};

// For kernels that take sixteen columns at a time, and rows enough: those columns of the panel are
// copied side by side, a stretch of groups at a time, and stay near while all rows pass over them.
// The running sums wait in the output between stretches, so every sum has its terms in the order of
// the other way.
void MultiplyNear(const Compute& compute, const PackedMatrix& b, const PackedMatrix::Panel& panel,
                  const Piece& piece, int64_t most_groups) {
  const Target& out = piece.out;
  const int64_t size = SizeOf(b.type());
  const int64_t out_size = SizeOf(out.type);
  const int64_t rows = piece.last_row - piece.first_row;
  const int64_t near = out.type == Dtype::kF32 ? kNearGroups : b.groups();
  const int64_t extra_groups = piece.extra.data != nullptr ? b.extra_groups() : 0;
  const auto multiply = compute.kernels->tile[static_cast<int>(b.type())];
  thread_local std::vector<float> copied, apart;
  copied.resize(static_cast<size_t>((near + extra_groups) * kNearColumns));
  const auto copy = [&](int64_t group, int64_t count, int64_t column, float* to) {
    const char* from = b.Data(panel) + (group * panel.width + column) * 4;
    for (int64_t g = 0; g < count; ++g, from += panel.width * 4, to += kNearColumns) {
      __builtin_prefetch(from + kGroupsAhead * panel.width * 4);
      std::memcpy(to, from, kNearColumns * 4);
    }
  };
  for (int64_t at = 0; at < panel.columns; at += kNearColumns) {
    for (int64_t part = 0; part < b.groups(); part += most_groups) {
      // Parts are summed apart and then added: one running sum over a vocabulary loses digits.
      const int64_t part_end = std::min(b.groups(), part + most_groups);
      if (part > 0) apart.resize(static_cast<size_t>(rows * kNearColumns));
      Tile tile;
      tile.columns = std::min(kNearColumns, panel.columns - at);
      tile.panel_columns = kNearColumns;
      tile.row_bytes = piece.a.stride * size;
      tile.row_bytes2 = piece.extra.stride * size;
      tile.b = reinterpret_cast<const char*>(copied.data());
      tile.out_type = out.type;
      tile.out_stride = part > 0 ? kNearColumns : out.stride;
      for (int64_t group = part; group < part_end; group += near) {
        tile.groups = std::min(near, part_end - group);
        copy(group, tile.groups, at, copied.data());
        tile.groups2 = group + tile.groups == b.groups() ? extra_groups : 0;
        if (tile.groups2 > 0) {
          copy(b.groups(), extra_groups, at, copied.data() + tile.groups * kNearColumns);
        }
        for (int64_t i = 0; i < rows; i += kTileRows) {
          const int64_t row = piece.first_row + i;
          tile.rows = std::min(kTileRows, rows - i);
          tile.a = static_cast<const char*>(piece.a.data) + row * tile.row_bytes + group * 4;
          if (tile.groups2 > 0) {
            tile.a2 = static_cast<const char*>(piece.extra.data) +
                      (row * piece.extra.stride + panel.part * b.extra_k()) * size;
          }
          tile.out = part > 0 ? reinterpret_cast<char*>(apart.data() + i * kNearColumns)
                              : static_cast<char*>(out.data) +
                                    (row * out.stride + panel.column + at) * out_size;
          if (group > part) {
            tile.add = static_cast<const float*>(tile.out);
            tile.add_stride = tile.out_stride;
          } else if (part > 0 || out.add == nullptr) {
            tile.add = nullptr;
          } else {
            tile.add = out.add + row * out.add_stride + panel.column + at;
            tile.add_stride = out.add_stride;
          }
          multiply(tile);
        }
      }
      for (int64_t i = 0; part > 0 && i < rows; ++i) {
        compute.kernels->add_scaled[0](
            1.0f, apart.data() + i * kNearColumns, tile.columns,
            static_cast<float*>(out.data) + (piece.first_row + i) * out.stride + panel.column + at);
      }
    }
  }
}

}  // namespace

PackedMatrix::PackedMatrix(Arena* arena, Dtype type, std::vector<int64_t> part_columns, int64_t k,
                           int64_t extra_k)
    : type_(type), k_(k), extra_k_(extra_k) {
  const int64_t group = GroupOf(type);
  groups_ = (k + group - 1) / group;
  extra_groups_ = (extra_k + group - 1) / group;
  int64_t offset = 0;
  for (size_t part = 0; part < part_columns.size(); ++part) {
    part_panels_.push_back(panels_.size());
    part_columns_.push_back(n_);
    for (int64_t at = 0; at < part_columns[part]; at += kPanelColumns) {
      const int64_t columns = std::min(kPanelColumns, part_columns[part] - at);
      const int64_t width = (columns + 15) / 16 * 16;
      panels_.push_back({n_ + at, columns, width, static_cast<int64_t>(part), offset});
      offset += width * (groups_ + extra_groups_) * 4;
    }
    n_ += part_columns[part];
  }
  bytes_ = offset;
  data_ = arena->Take(bytes_);
  std::memset(data_, 0, static_cast<size_t>(bytes_));
}

void PackedMatrix::SetTransposed(const Compute& compute, int64_t part, int64_t first, int64_t count,
                                 const float* w) {
  const size_t first_panel =
      part_panels_[static_cast<size_t>(part)] + static_cast<size_t>(first / kPanelColumns);
  compute.pool->For((count + kPanelColumns - 1) / kPanelColumns, [&](int64_t i) {
    const Panel& panel = panels_[first_panel + static_cast<size_t>(i)];
    const float* from = w + i * kPanelColumns * k_;
    if (type_ == Dtype::kF32) {
      compute.kernels->pack_rows[0](from, k_, panel.columns, k_, panel.width, Data(panel));
    } else {
      std::vector<uint16_t> half(static_cast<size_t>(panel.columns * k_));
      compute.kernels->to_bf16(from, panel.columns * k_, half.data());
      compute.kernels->pack_rows[1](half.data(), k_, panel.columns, k_, panel.width, Data(panel));
    }
  });
}

void PackedMatrix::PackRowsInto(const Compute& compute, const Panel& panel, int64_t group,
                                int64_t count, const float* w, int64_t stride, float scale) {
  std::vector<float> rows(static_cast<size_t>(panel.columns * count));
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t c = 0; c < panel.columns; ++c) {
      rows[static_cast<size_t>(r * panel.columns + c)] = w[r * stride + c] * scale;
    }
  }
  char* to = Data(panel) + group * panel.width * 4;
  if (type_ == Dtype::kF32) {
    compute.kernels->pack_columns[0](rows.data(), panel.columns, panel.columns, count, panel.width,
                                     to);
  } else {
    std::vector<uint16_t> half(rows.size());
    compute.kernels->to_bf16(rows.data(), static_cast<int64_t>(rows.size()), half.data());
    compute.kernels->pack_columns[1](half.data(), panel.columns, panel.columns, count, panel.width,
                                     to);
  }
}

void PackedMatrix::SetRows(const Compute& compute, int64_t first, int64_t count, const float* w) {
  compute.pool->For(static_cast<int64_t>(panels_.size()), [&](int64_t i) {
    const Panel& panel = panels_[static_cast<size_t>(i)];
    PackRowsInto(compute, panel, first / GroupOf(type_), count, w + panel.column, n_, 1.0f);
  });
}

void PackedMatrix::SetExtra(const Compute& compute, int64_t part, const float* w, float scale) {
  const auto p = static_cast<size_t>(part);
  const size_t begin = part_panels_[p];
  const size_t end = p + 1 < part_panels_.size() ? part_panels_[p + 1] : panels_.size();
  const int64_t first_column = part_columns_[p];
  const int64_t columns = (p + 1 < part_columns_.size() ? part_columns_[p + 1] : n_) - first_column;
  compute.pool->For(static_cast<int64_t>(end - begin), [&](int64_t i) {
    const Panel& panel = panels_[begin + static_cast<size_t>(i)];
    PackRowsInto(compute, panel, groups_, extra_k_, w + panel.column - first_column, columns,
                 scale);
  });
}

void PackedMatrix::SetExtra(const Compute& compute, const float* w) {
  compute.pool->For(static_cast<int64_t>(panels_.size()), [&](int64_t i) {
    const Panel& panel = panels_[static_cast<size_t>(i)];
    PackRowsInto(compute, panel, groups_, extra_k_, w + panel.column, n_, 1.0f);
  });
}

void PackedMatrix::CopyColumn(int64_t c, float* out) const {
  size_t part = 0;
  while (part + 1 < part_columns_.size() && part_columns_[part + 1] <= c) ++part;
  const int64_t within = c - part_columns_[part];
  const Panel& panel = panels_[part_panels_[part] + static_cast<size_t>(within / kPanelColumns)];
  const char* from = Data(panel) + within % kPanelColumns * 4;
  const int64_t step = panel.width * 4;
  for (int64_t i = 0; i < k_; ++i) {
    if (type_ == Dtype::kF32) {
      std::memcpy(out + i, from + i * step, 4);
    } else {
      uint16_t half;
      std::memcpy(&half, from + i / 2 * step + i % 2 * 2, 2);
      out[i] = Bf16ToFloat(half);
    }
  }
}

void Multiply(const Compute& compute, int64_t m, Rows a, const PackedMatrix& b, Target out) {
  Multiply(compute, m, a, Rows{}, b, out);
}

void Multiply(const Compute& compute, int64_t m, Rows a, Rows extra, const PackedMatrix& b,
              Target out) {
  const auto panels = static_cast<int64_t>(b.panels().size());
  const bool sixteens = compute.kernels->tile_columns == kNearColumns;
  const Plan plan = PlanFor(m, panels, m * b.n() * b.groups(), compute.pool->threads(),
                            sixteens ? kNearRows : kFarRows);
  const int64_t row_blocks = (m + plan.row_block - 1) / plan.row_block;
  const int64_t panel_blocks = (panels + plan.panel_block - 1) / plan.panel_block;
  const int64_t size = SizeOf(b.type());
  const int64_t out_size = SizeOf(out.type);
  const auto multiply = compute.kernels->tile[static_cast<int>(b.type())];
  // Only sums kept in f32 can be interrupted without loss.
  const int64_t most_groups = out.type == Dtype::kF32 ? kMostGroups : b.groups();
  const bool near = sixteens && plan.row_block > kTileRows &&
                    (out.type == Dtype::kF32 || b.groups() <= kMostNearGroups);

  compute.pool->For(row_blocks * panel_blocks, [&](int64_t piece) {
    const int64_t first_row = piece / panel_blocks * plan.row_block;
    const int64_t last_row = std::min(m, first_row + plan.row_block);
    const int64_t first_panel = piece % panel_blocks * plan.panel_block;
    const int64_t last_panel = std::min(panels, first_panel + plan.panel_block);
    for (int64_t p = first_panel; p < last_panel; ++p) {
      const PackedMatrix::Panel& panel = b.panels()[static_cast<size_t>(p)];
      if (near) {
        MultiplyNear(compute, b, panel, {first_row, last_row, a, extra, out}, most_groups);
        continue;
      }
      const int64_t column = panel.column;
      Tile tile;
      tile.columns = panel.columns;
      tile.panel_columns = panel.width;
      tile.out_type = out.type;
      for (int64_t group = 0; group < b.groups(); group += most_groups) {
        const bool last = group + most_groups >= b.groups();
        tile.groups = last ? b.groups() - group : most_groups;
        tile.b = b.Data(panel) + group * panel.width * 4;
        for (int64_t row = first_row; row < last_row; row += kTileRows) {
          tile.rows = std::min(kTileRows, last_row - row);
          tile.a = static_cast<const char*>(a.data) + row * a.stride * size + group * 4;
          tile.row_bytes = a.stride * size;
          if (last && extra.data != nullptr) {
            tile.a2 = static_cast<const char*>(extra.data) +
                      (row * extra.stride + panel.part * b.extra_k()) * size;
            tile.row_bytes2 = extra.stride * size;
            tile.groups2 = b.extra_groups();
          } else {
            tile.groups2 = 0;
          }
          char* to = static_cast<char*>(out.data) + (row * out.stride + column) * out_size;
          if (group > 0) {
            // Summed apart and then added: one running sum over a vocabulary loses digits.
            float sums[kTileRows * kPanelColumns];
            tile.add = nullptr;
            tile.out = sums;
            tile.out_stride = kPanelColumns;
            multiply(tile);
            for (int64_t i = 0; i < tile.rows; ++i) {
              compute.kernels->add_scaled[0](1.0f, sums + i * kPanelColumns, tile.columns,
                                             reinterpret_cast<float*>(to) + i * out.stride);
            }
            continue;
          }
          tile.out = to;
          tile.out_stride = out.stride;
          tile.add = out.add == nullptr ? nullptr : out.add + row * out.add_stride + column;
          tile.add_stride = out.add_stride;
          multiply(tile);
        }
      }
    }
  });
}

void MultiplyTransposed(const Compute& compute, Dtype type, int64_t t, Rows s, int64_t rank, Rows x,
                        int64_t n, float* out) {
  constexpr int64_t kRank = 16;
  constexpr int64_t kColumns = 64;
  constexpr int64_t kBlock = 128;  // rows of x that stay in the cache over all ranks
  const int index = static_cast<int>(type);
  const int64_t size = SizeOf(type);
  const int64_t parts = rank / kRank;
  // s by parts of sixteen, interleaved over t.
  const int64_t part_bytes = (t + 1) / 2 * 2 * kRank * size;
  Buffer interleaved(parts * part_bytes);
  const int64_t group = GroupOf(type);
  compute.Ranges((t + group - 1) / group, 64, [&](int64_t first, int64_t last) {
    float even[kRank], odd[kRank];
    for (int64_t g = first; g < last; ++g) {
      for (int64_t part = 0; part < parts; ++part) {
        const int64_t row = g * group;
        const char* from =
            static_cast<const char*>(s.data) + (row * s.stride + part * kRank) * size;
        char* to = interleaved.data() + part * part_bytes + g * kRank * 4;
        if (type == Dtype::kF32) {
          std::memcpy(to, from, kRank * 4);
          continue;
        }
        const bool has_odd = row + 1 < t;
        compute.kernels->to_f32(reinterpret_cast<const uint16_t*>(from), kRank, even);
        if (has_odd) {
          compute.kernels->to_f32(reinterpret_cast<const uint16_t*>(from + s.stride * size), kRank,
                                  odd);
        }
        compute.kernels->interleave[index](even, has_odd ? odd : nullptr, kRank, kRank, to);
      }
    }
  });
  compute.pool->For((n + kColumns - 1) / kColumns, [&](int64_t piece) {
    const int64_t column = piece * kColumns;
    const int64_t columns = std::min(kColumns, n - column);
    for (int64_t row = 0; row < t; row += kBlock) {
      const int64_t rows = std::min(kBlock, t - row);
      for (int64_t part = 0; part < parts; ++part) {
        compute.kernels->outer[index](
            interleaved.data() + part * part_bytes + row / group * kRank * 4,
            static_cast<const char*>(x.data) + (row * x.stride + column) * size, x.stride, rows,
            columns, out + part * kRank * n + column, n);
      }
    }
  });
}

}  // namespace idiolect::native
