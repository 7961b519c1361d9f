#include "dataset/conversation_pass.h"

#include <utility>

namespace idiolect {
namespace {

constexpr size_t kBatchBytes = size_t{256} << 10;

}  // namespace

Status ReadBatches(const ConversationReader& read,
                   const std::function<bool(ConversationBatch)>& give) {
  std::vector<OwnedConversation> batch;
  size_t bytes = 0;
  const auto hand = [&] {
    bytes = 0;
    return give(std::make_shared<const std::vector<OwnedConversation>>(std::exchange(batch, {})));
  };
  const auto unwanted = [] { return Fail(ErrorKind::kFailed, "nobody wants what is read"); };
  RETURN_IF_ERROR(read([&](const Conversation& conversation) -> Status {
    batch.emplace_back(conversation);
    bytes += batch.back().bytes();
    if (bytes >= kBatchBytes && !hand()) return unwanted();
    return {};
  }));
  if (!batch.empty() && !hand()) return unwanted();
  return {};
}

void ConversationCache::Keep(const ConversationBatch& batch) {
  if (!complete_) return;
  size_t bytes = 0;
  for (const OwnedConversation& conversation : *batch) bytes += conversation.bytes();
  if (bytes > left_) {
    complete_ = false;
    batches_ = {};
    return;
  }
  left_ -= bytes;
  batches_.push_back(batch);
}

}  // namespace idiolect
