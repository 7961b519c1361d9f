#pragma once
// Cosines and sines of rotary positions, by the model's description of them.

#include <cstdint>
#include <vector>

#include "engine/files/model_config.h"

namespace idiolect::native {

// Grows with the longest position asked for. Thread-compatible.
class RopeTables {
 public:
  explicit RopeTables(const ModelConfig& config);

  // Makes positions [0, count) available.
  void Reserve(int64_t count);
  int64_t half() const { return half_; }
  const float* Cosines(bool sliding, int64_t position) const {
    return (sliding ? local_ : global_).cosines.data() + position * half_;
  }
  const float* Sines(bool sliding, int64_t position) const {
    return (sliding ? local_ : global_).sines.data() + position * half_;
  }

 private:
  struct Table {
    std::vector<double> frequencies;
    double magnitude = 1;
    std::vector<float> cosines, sines;
  };
  void Extend(Table* table, int64_t count);

  int64_t half_ = 0;
  int64_t count_ = 0;
  Table global_, local_;
};

}  // namespace idiolect::native
