#include "engine/torch/peers.h"

#if defined(USE_C10D_GLOO) && __has_include(<gloo/algorithm.h>)
#define IDIOLECT_HAS_PEERS 1
#include <ATen/ATen.h>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#include <cstdlib>
#include <exception>
#include <utility>

namespace idiolect {

#ifdef IDIOLECT_HAS_PEERS

struct Peers::Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

namespace {

template <typename Body>
Status Together(const char* doing, Body body) {
  try {
    body();
    return {};
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return Fail(ErrorKind::kFailed,
                std::string("training in several processes: ") + doing +
                    " failed: " + text.substr(0, text.find('\n')),
                "see what the other processes say, and start all of them again: training goes on "
                "from the first one's checkpoint");
  }
}

}  // namespace

Result<std::unique_ptr<Peers>> Peers::Join(const ProcessPlace& place) {
  auto group = std::make_unique<Group>();
  if (!place.alone()) {
    RETURN_IF_ERROR(Together("joining", [&] {
      c10d::TCPStoreOptions options;
      options.port = static_cast<uint16_t>(place.port);
      options.isServer = place.first();
      options.numWorkers = static_cast<size_t>(place.count);
      auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
      auto gloo = c10d::ProcessGroupGloo::Options::create();
      const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
      gloo->devices.push_back(interface != nullptr && *interface != '\0'
                                  ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                  : c10d::ProcessGroupGloo::createDefaultDevice());
      gloo->threads = 2;
      group->gloo =
          c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.count, gloo);
    }));
  }
  return std::unique_ptr<Peers>(new Peers(place, std::move(group)));
}

namespace {

at::Tensor Over(void* values, int64_t count, at::ScalarType type) {
  return at::from_blob(values, {count}, at::TensorOptions(type));
}

Status SumOver(c10d::ProcessGroupGloo& gloo, at::Tensor tensor) {
  return Together("a sum", [&] {
    std::vector<at::Tensor> tensors = {std::move(tensor)};
    gloo.allreduce(tensors)->wait();
  });
}

Status ShareOver(c10d::ProcessGroupGloo& gloo, at::Tensor tensor) {
  return Together("a copy", [&] {
    std::vector<at::Tensor> tensors = {std::move(tensor)};
    gloo.broadcast(tensors)->wait();
  });
}

}  // namespace

Status Peers::Sum(float* values, int64_t count) {
  if (alone() || count == 0) return {};
  return SumOver(*group_->gloo, Over(values, count, at::kFloat));
}
Status Peers::Sum(double* values, int64_t count) {
  if (alone() || count == 0) return {};
  return SumOver(*group_->gloo, Over(values, count, at::kDouble));
}
Status Peers::Share(float* values, int64_t count) {
  if (alone() || count == 0) return {};
  return ShareOver(*group_->gloo, Over(values, count, at::kFloat));
}
Status Peers::Share(std::string* bytes) {
  if (alone()) return {};
  auto size = static_cast<int64_t>(bytes->size());
  RETURN_IF_ERROR(ShareOver(*group_->gloo, Over(&size, 1, at::kLong)));
  bytes->resize(static_cast<size_t>(size));
  if (size == 0) return {};
  return ShareOver(*group_->gloo, Over(bytes->data(), size, at::kByte));
}

#else

struct Peers::Group {};

Result<std::unique_ptr<Peers>> Peers::Join(const ProcessPlace& place) {
  if (!place.alone()) {
    return Fail(ErrorKind::kUnavailable,
                "training in several processes: this build's LibTorch has no Gloo",
                "build against one that has (Debian: libgloo-dev), or train in one process");
  }
  return std::unique_ptr<Peers>(new Peers(place, nullptr));
}

// Alone: nobody to share with.
Status Peers::Sum(float*, int64_t) {
  return {};
}
Status Peers::Sum(double*, int64_t) {
  return {};
}
Status Peers::Share(float*, int64_t) {
  return {};
}
Status Peers::Share(std::string*) {
  return {};
}

#endif

Peers::Peers(const ProcessPlace& place, std::unique_ptr<Group> group)
    : place_(place), group_(std::move(group)) {}
Peers::~Peers() = default;

}  // namespace idiolect
