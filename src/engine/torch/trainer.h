#pragma once
// Training from a request to a published adapter: prepares samples, plans, runs the steps,
// validates after every epoch, keeps the best, and puts down checkpoints from which the same
// request goes on to the same losses. Started as one of several processes (base/process_place.h),
// it trains its share of each step's rows: all of them together do what one alone would, and the
// first publishes.

#include <string>

#include "core/engine.h"
#include "engine/native/dtype.h"

namespace idiolect {

// kAuto is bf16 where the processor multiplies it.
native::Dtype ResolvePrecision(Precision precision);
// "2 threads, bf16 (AVX-512 with BF16)"
std::string DescribeMachine(const EngineOptions& options);

// See Engine::Train. LibTorch's exceptions pass through.
Result<TrainResult> TrainAdapter(const TrainRequest& request, TrainObserver& observer,
                                 const Interrupt& interrupt);

}  // namespace idiolect
