#pragma once
// For tests of trainable models: threads and kernels to compute with, and rows to train on.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/cores.h"
#include "base/random.h"
#include "engine/native/compute.h"
#include "engine/native/kernels.h"
#include "engine/native/thread_pool.h"
#include "engine/torch/lora_model.h"

namespace idiolect {

class ModelTest : public testing::Test {
 protected:
  native::ThreadPool pool_{CountCores()};
  native::Compute compute_{&native::ChooseKernels(), &pool_};
  native::Compute portable_{&native::PortableKernels(), &pool_};
};

// Samples of these lengths side by side; about two tokens in three are to be learned.
inline PackedRow RandomRow(const std::vector<int64_t>& lengths, int64_t vocabulary, uint64_t seed) {
  Random random(seed);
  PackedRow row;
  for (const int64_t length : lengths) {
    for (int64_t i = 0; i < length; ++i) {
      row.tokens.push_back(static_cast<int32_t>(random.Below(static_cast<uint64_t>(vocabulary))));
      row.is_target.push_back(random.Below(3) > 0);
    }
    row.starts.push_back(static_cast<int64_t>(row.tokens.size()));
  }
  return row;
}

}  // namespace idiolect
