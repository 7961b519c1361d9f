#pragma once
// The numbers of the others: "Участник 2". They are numbered by their first words in the chat, so
// that a person has the same number in all of it and keeps it when the chat grows.

#include <cstdint>
#include <unordered_map>

#include "dialogs/conversation.h"

namespace idiolect {

class Pseudonyms {
 public:
  // Of one chat: 1, 2, …
  using Numbers = std::unordered_map<PersonId, uint32_t>;

  explicit Pseudonyms(PersonId persona) : persona_(persona) {}

  // Call for every conversation of a chat in order.
  void Meet(const Conversation& conversation);
  // Empty for a chat that was not met. Stays valid; constant once everything was met.
  const Numbers& Of(ChatId chat) const;

 private:
  PersonId persona_;
  std::unordered_map<ChatId, Numbers> chats_;
};

}  // namespace idiolect
