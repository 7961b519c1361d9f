#include "engine/native/adapter_weights.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace idiolect::native {
namespace {

struct Place {
  ProductKind product;
  int64_t part;
};
Place PlaceOf(Projection projection) {
  switch (projection) {
    case Projection::kQ:
      return {ProductKind::kQkv, 0};
    case Projection::kK:
      return {ProductKind::kQkv, 1};
    case Projection::kV:
      return {ProductKind::kQkv, 2};
    case Projection::kO:
      return {ProductKind::kOutput, 0};
    case Projection::kGate:
      return {ProductKind::kGateUp, 0};
    case Projection::kUp:
      return {ProductKind::kGateUp, 1};
    case Projection::kDown:
      break;
  }
  return {ProductKind::kDown, 0};
}

int64_t ColumnOf(const ModelConfig& config, Projection projection) {
  const int64_t q = config.heads * config.head_dim;
  if (projection == Projection::kK) return q;
  if (projection == Projection::kV) return q + config.kv_heads * config.head_dim;
  return projection == Projection::kUp ? config.ffn : 0;
}

// m / ‖W + scale · b · a‖ of each row, W as the base has it in memory.
std::vector<float> GainsOf(const Compute& compute, const Weights& base, const LoraPair& pair,
                           ProductKind kind, int64_t first_column, float scale) {
  const WeightMatrix matrix = base.Product(static_cast<size_t>(pair.layer), kind);
  const int64_t inputs = pair.a.columns, rank = pair.a.rows;
  std::vector<float> gains(pair.magnitudes.size());
  compute.Ranges(pair.b.rows, 32, [&](int64_t from, int64_t to) {
    std::vector<float> row(static_cast<size_t>(inputs));
    for (int64_t o = from; o < to; ++o) {
      if (matrix.dense != nullptr) {
        matrix.dense->CopyColumn(first_column + o, row.data());
      } else {
        matrix.quant->CopyColumn(first_column + o, row.data());
      }
      for (int64_t r = 0; r < rank; ++r) {
        compute.kernels->add_scaled[0](scale * pair.b.values[static_cast<size_t>(o * rank + r)],
                                       pair.a.values.data() + r * inputs, inputs, row.data());
      }
      const auto at = static_cast<size_t>(o);
      gains[at] = pair.magnitudes[at] /
                  static_cast<float>(std::sqrt(compute.kernels->sum_squares(row.data(), inputs)));
    }
  });
  return gains;
}

int64_t Even(int64_t rank) {
  return (rank + 1) / 2 * 2;
}

}  // namespace

Result<AdapterWeights> LoadAdapterWeights(const Compute& compute, const ModelConfig& config,
                                          Dtype type, const LoraAdapter& adapter,
                                          const Weights* base) {
  RETURN_IF_ERROR(CheckAdapterFits(config, adapter));
  std::map<std::pair<int64_t, Projection>, const LoraPair*> pairs;
  for (const LoraPair& pair : adapter.pairs) {
    pairs[{pair.layer, *FindProjection(pair.projection)}] = &pair;
  }
  const auto scale = static_cast<float>(adapter.Scale());
  if (adapter.use_dora && base == nullptr) {
    return Fail(ErrorKind::kBadInput, "loading a DoRA adapter: its base is not in memory");
  }
  AdapterWeights weights;
  weights.layers.resize(static_cast<size_t>(config.layers));
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    auto& products = weights.layers[static_cast<size_t>(layer)];
    std::array<std::vector<const LoraPair*>, kProductKinds> by_product;
    for (int i = 0; i < kProjections; ++i) {
      const auto projection = static_cast<Projection>(i);
      const auto found = pairs.find({layer, projection});
      if (found == pairs.end()) continue;
      const LoraPair& pair = *found->second;
      const auto kind = static_cast<size_t>(PlaceOf(projection).product);
      by_product[kind].push_back(&pair);
      AdapterProduct::Part part;
      part.column = ColumnOf(config, projection);
      std::vector<float> gains;
      if (adapter.use_dora) {
        gains = GainsOf(compute, *base, pair, PlaceOf(projection).product, part.column, scale);
        std::vector<float>& all = products[kind].gains;
        // Columns of what is not adapted stay as they are.
        const WeightMatrix whole =
            base->Product(static_cast<size_t>(layer), PlaceOf(projection).product);
        const int64_t columns = whole.dense != nullptr ? whole.dense->n() : whole.quant->n();
        all.resize(static_cast<size_t>(columns), 1.0f);
        std::copy(gains.begin(), gains.end(), all.begin() + part.column);
      }
      // b as [rank, outputs], times the scale and the gains.
      const int64_t rank = Even(pair.a.rows), outputs = pair.b.rows;
      std::vector<float> factor(static_cast<size_t>(rank * outputs));
      for (int64_t r = 0; r < pair.a.rows; ++r) {
        for (int64_t o = 0; o < outputs; ++o) {
          factor[static_cast<size_t>(r * outputs + o)] =
              (gains.empty() ? scale : scale * gains[static_cast<size_t>(o)]) *
              pair.b.values[static_cast<size_t>(o * pair.a.rows + r)];
        }
      }
      part.b = PackedMatrix(weights.arena.get(), type, {outputs}, rank);
      part.b.SetRows(compute, 0, rank, factor.data());
      products[kind].parts.push_back(std::move(part));
    }
    for (size_t kind = 0; kind < by_product.size(); ++kind) {
      if (by_product[kind].empty()) continue;
      const int64_t inputs = by_product[kind].front()->a.columns;
      std::vector<int64_t> ranks;
      int64_t column = 0;
      for (size_t i = 0; i < by_product[kind].size(); ++i) {
        products[kind].parts[i].rank_column = column;
        ranks.push_back(Even(by_product[kind][i]->a.rows));
        column += ranks.back();
      }
      PackedMatrix a(weights.arena.get(), type, ranks, inputs);
      for (size_t i = 0; i < by_product[kind].size(); ++i) {
        std::vector<float> rows = by_product[kind][i]->a.values;
        rows.resize(static_cast<size_t>(ranks[i] * inputs));
        a.SetTransposed(compute, static_cast<int64_t>(i), 0, ranks[i], rows.data());
      }
      products[kind].a = std::move(a);
    }
  }
  return weights;
}

}  // namespace idiolect::native
