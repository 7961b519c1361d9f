#include "engine/native/quant_matrix.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "engine/files/dequantize.h"

namespace idiolect::native {
namespace {

constexpr int64_t kColumns = 16;  // of a panel
constexpr int64_t kBlock = 32;    // values that share a scale

// A panel's block: sixteen columns of 32 codes, then scales, then minimums.
int64_t BlockBytes(QuantKind kind) {
  const QuantKindInfo& info = InfoOf(kind);
  return 64 * info.bits + 32 * (info.scale_per_half ? 2 : 1) + (info.has_minimum ? 32 : 0);
}

void PutHalf(char* at, float value) {
  const uint16_t half = FloatToHalf(value);
  std::memcpy(at, &half, 2);
}

// Code of value v (0 … 31) of column c, in the order that quant_kernels.inc reads: byte 4 c + v % 4
// of group v / 4.
void PutCode(QuantKind kind, int64_t c, int64_t v, uint8_t code, uint8_t* block) {
  const int bits = InfoOf(kind).bits;
  const int64_t group = v / 4, byte = 4 * c + v % 4;
  auto put = [&](int64_t at, int shifted) {
    block[at] = static_cast<uint8_t>(block[at] | shifted);
  };
  if (bits == 8) {
    block[64 * group + byte] = code;
    return;
  }
  put(64 * (group % 4) + byte, (code & 15) << (group < 4 ? 0 : 4));
  if (bits == 5) put(256 + byte, code >> 4 << group);
  if (bits == 6) put(256 + 64 * (group / 4) + byte, code >> 4 << (2 * (group % 4)));
}

uint8_t GetCode(QuantKind kind, int64_t c, int64_t v, const uint8_t* block) {
  const int bits = InfoOf(kind).bits;
  const int64_t group = v / 4, byte = 4 * c + v % 4;
  if (bits == 8) return block[64 * group + byte];
  int code = block[64 * (group % 4) + byte] >> (group < 4 ? 0 : 4) & 15;
  if (bits == 5) code |= (block[256 + byte] >> group & 1) << 4;
  if (bits == 6) code |= (block[256 + 64 * (group / 4) + byte] >> (2 * (group % 4)) & 3) << 4;
  return static_cast<uint8_t>(code);
}

float GetHalf(const char* at) {
  uint16_t half;
  std::memcpy(&half, at, 2);
  return HalfToFloat(half);
}

}  // namespace

void QuantRows::Set(const Compute& compute, Dtype type, int64_t m, Rows rows, int64_t k) {
  blocks = k / kBlock;
  memory.Reserve(m * blocks * static_cast<int64_t>(sizeof(QuantBlock)));
  compute.Ranges(m, 16, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      compute.kernels->quantize_row[static_cast<int>(type)](
          static_cast<const char*>(rows.data) + i * rows.stride * SizeOf(type), blocks,
          memory.as<QuantBlock>() + i * blocks);
    }
  });
}

QuantMatrix::QuantMatrix(const Compute& compute, Arena* arena, const std::vector<Part>& parts,
                         int64_t k)
    : k_(k) {
  const int64_t blocks = k / kBlock;
  std::vector<const Part*> part_of;
  for (const Part& part : parts) {
    part_panels_.push_back(panels_.size());
    part_columns_.push_back(n_);
    const QuantKind kind = QuantKindOf(part.type).kind;
    for (int64_t at = 0; at < part.columns; at += kColumns) {
      panels_.push_back({kind, n_ + at, std::min(kColumns, part.columns - at), bytes_});
      part_of.push_back(&part);
      bytes_ += blocks * BlockBytes(kind);
    }
    n_ += part.columns;
  }
  data_ = arena->Take(bytes_);
  std::atomic<bool> sound{true};
  compute.pool->For(static_cast<int64_t>(panels_.size()), [&](int64_t i) {
    const Panel& panel = panels_[static_cast<size_t>(i)];
    const Part& part = *part_of[static_cast<size_t>(i)];
    const GgmlTypeInfo& info = InfoOf(part.type);
    const int64_t row_bytes = k / info.block_values * info.block_bytes;
    const int64_t block_bytes = BlockBytes(panel.kind);
    const bool halves = InfoOf(panel.kind).scale_per_half;
    const bool minimum = InfoOf(panel.kind).has_minimum;
    char* to = data_ + panel.offset;
    std::memset(to, 0, static_cast<size_t>(blocks * block_bytes));
    const int64_t first = panel.column - part_columns_[static_cast<size_t>(&part - parts.data())];
    for (int64_t c = 0; c < panel.columns; ++c) {
      const int64_t row =
          part.order == nullptr ? first + c : (*part.order)[static_cast<size_t>(first + c)];
      const char* from = part.bytes.data() + row * row_bytes;
      for (int64_t block = 0; block < blocks; ++block) {
        QuantCodes codes;
        ReadQuantCodes(part.type, from, block, &codes);
        if (!std::isfinite(codes.scale[0]) || !std::isfinite(codes.scale[1]) ||
            !std::isfinite(codes.minimum)) {
          sound = false;
        }
        char* at = to + block * block_bytes;
        for (int64_t v = 0; v < kBlock; ++v) {
          PutCode(panel.kind, c, v, codes.codes[v], reinterpret_cast<uint8_t*>(at));
        }
        at += 64 * InfoOf(panel.kind).bits + 2 * c;
        PutHalf(at, codes.scale[0]);
        if (halves) PutHalf(at + 32, codes.scale[1]);
        if (minimum) PutHalf(at + 32, codes.minimum);
      }
    }
  });
  sound_ = sound;
}

void QuantMatrix::CopyColumn(int64_t c, float* out) const {
  size_t part = 0;
  while (part + 1 < part_columns_.size() && part_columns_[part + 1] <= c) ++part;
  const int64_t within = c - part_columns_[part];
  const Panel& panel = panels_[part_panels_[part] + static_cast<size_t>(within / kColumns)];
  const QuantKindInfo& info = InfoOf(panel.kind);
  const int64_t column = within % kColumns;
  for (int64_t block = 0; block < k_ / kBlock; ++block) {
    const char* at = data_ + panel.offset + block * BlockBytes(panel.kind);
    const char* scales = at + 64 * info.bits + 2 * column;
    const float minimum = info.has_minimum ? GetHalf(scales + 32) : 0.0f;
    for (int64_t v = 0; v < kBlock; ++v) {
      const float scale = GetHalf(scales + (info.scale_per_half && v >= 16 ? 32 : 0));
      const int code = GetCode(panel.kind, column, v, reinterpret_cast<const uint8_t*>(at));
      *out++ = scale * static_cast<float>(code - info.zero) + minimum;
    }
  }
}

void Multiply(const Compute& compute, int64_t m, const QuantRows& a, const QuantMatrix& b,
              Target out) {
  const auto panels = static_cast<int64_t>(b.panels_.size());
  const int threads = compute.pool->threads();
  // With few rows the time goes into streaming b, which is fastest in long stretches; with many, a
  // panel and a block of rows should stay in the nearest caches.
  const int64_t row_block = std::min<int64_t>(m, 64);
  const int64_t row_blocks = (m + row_block - 1) / row_block;
  const int64_t wanted = threads == 1 ? 1 : (m <= 8 ? 2 : 12) * threads;
  const int64_t per_row_block = std::clamp<int64_t>(wanted / row_blocks, 1, panels);
  const int64_t panel_block = (panels + per_row_block - 1) / per_row_block;
  const int64_t panel_blocks = (panels + panel_block - 1) / panel_block;
  const int64_t out_size = SizeOf(out.type);
  compute.pool->For(row_blocks * panel_blocks, [&](int64_t piece) {
    const int64_t first_row = piece / panel_blocks * row_block;
    const int64_t first_panel = piece % panel_blocks * panel_block;
    const int64_t last_panel = std::min(panels, first_panel + panel_block);
    QuantTile tile;
    tile.rows = std::min(row_block, m - first_row);
    tile.a = a.data() + first_row * a.blocks;
    tile.a_stride = a.blocks;
    tile.blocks = a.blocks;
    tile.out_type = out.type;
    tile.out_stride = out.stride;
    tile.add_stride = out.add_stride;
    for (int64_t p = first_panel; p < last_panel; ++p) {
      const QuantMatrix::Panel& panel = b.panels_[static_cast<size_t>(p)];
      tile.b = b.data_ + panel.offset;
      tile.columns = panel.columns;
      tile.out = static_cast<char*>(out.data) + (first_row * out.stride + panel.column) * out_size;
      tile.add = out.add == nullptr ? nullptr : out.add + first_row * out.add_stride + panel.column;
      compute.kernels->quant_tile[static_cast<int>(panel.kind)](tile);
    }
  });
}

}  // namespace idiolect::native
