#pragma once
// A LoRA adapter as two thin factors beside a base that stays as it is, so that one base in memory
// serves any number of adapters.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/files/lora_files.h"
#include "engine/native/matrix.h"
#include "engine/native/weights.h"

namespace idiolect::native {

// What is added to one product: for each adapted part, (x · aᵀ) · (scale · b)ᵀ in its columns.
struct AdapterProduct {
  struct Part {
    int64_t rank_column = 0;  // of a's product, where this part's begin
    int64_t column = 0;       // of the base's product
    PackedMatrix b;           // [rank, the part's columns]
  };
  PackedMatrix a;  // [inputs, all ranks together]; each part's rank is rounded up to even
  // DoRA: what each column of base's product and adapter's together is multiplied by (b has it in
  // it already); else empty.
  std::vector<float> gains;
  std::vector<Part> parts;  // empty: the adapter does not touch this product
};

// Constant once made, hence thread-safe.
struct AdapterWeights {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();
  std::vector<std::array<AdapterProduct, kProductKinds>> layers;
};

// Fails with kBadInput when the adapter does not fit the model. `base` is needed for DoRA alone,
// whose magnitudes are of the joined rows.
Result<AdapterWeights> LoadAdapterWeights(const Compute& compute, const ModelConfig& config,
                                          Dtype type, const LoraAdapter& adapter,
                                          const Weights* base = nullptr);

}  // namespace idiolect::native
