#include "dataset/pseudonyms.h"

namespace idiolect {

void Pseudonyms::Meet(const Conversation& conversation) {
  Numbers& numbers = chats_[conversation.chat];
  PersonId last = persona_;
  for (const Said& said : conversation.messages) {
    if (said.kind != MessageKind::kOrdinary || said.author == persona_ || said.author == last) {
      continue;
    }
    last = said.author;
    numbers.try_emplace(last, static_cast<uint32_t>(numbers.size()) + 1);
  }
}

const Pseudonyms::Numbers& Pseudonyms::Of(ChatId chat) const {
  static const Numbers kNobody;
  const auto numbers = chats_.find(chat);
  return numbers == chats_.end() ? kNobody : numbers->second;
}

}  // namespace idiolect
