#include "importer/batch_writer.h"

#include <algorithm>

namespace idiolect {

Status BatchWriter::Write(MessageBatch& batch) {
  for (Chat& chat : batch.chats) {
    if (known_by_ == ChatsKnownBy::kName) {
      ASSIGN_OR_RETURN(chat.source_id, FindNamedChat(database_, chat, batch, without_overlap_));
      named_chat_ = chat;
    }
    ASSIGN_OR_RETURN(const ChatId id, writer_.AddChat(chat));
    chats_.push_back(id);
  }
  authors_.insert(authors_.end(), batch.authors.begin(), batch.authors.end());
  author_ids_.resize(authors_.size(), 0);
  for (const MessageRecord& record : batch.messages) {
    RETURN_IF_ERROR(WriteMessage(batch, record));
  }
  return {};
}

Status BatchWriter::WriteMessage(const MessageBatch& batch, const MessageRecord& record) {
  const ChatId chat = chats_[record.chat];
  MessageView message;
  message.id = MakeMessageId(chat, record.id);
  message.time = record.time;
  message.edited = record.edited;
  if (record.author != 0) {
    ASSIGN_OR_RETURN(message.author, PersonOf(record.author - 1));
  }
  if (record.has_reply) message.reply_to = MakeMessageId(chat, record.reply_to);
  if (record.has_topic) message.topic = MakeMessageId(chat, record.topic);
  message.flags = record.flags;
  message.kind = record.kind;
  message.media = record.media;
  message.text = batch.Text(record.text);
  message.extra = batch.Text(record.extra);
  ASSIGN_OR_RETURN(const Stored stored, writer_.Add(message));
  switch (stored) {
    case Stored::kNew:
      ++report_.new_messages;
      break;
    case Stored::kEdited:
      ++report_.edited_messages;
      break;
    case Stored::kIdentified:
      ++report_.identified_messages;
      ++report_.known_messages;
      break;
    case Stored::kKnown:
      ++report_.known_messages;
      break;
    case Stored::kRepeated:
      report_.Skip(SkipReason::kDuplicate);
      break;
  }
  return {};
}

// The writer is told again only when a person changes the name.
Result<PersonId> BatchWriter::PersonOf(uint32_t author) {
  PersonId& id = author_ids_[author];
  if (id != 0 && named_as_[static_cast<size_t>(id)] == author) return id;
  ASSIGN_OR_RETURN(id, writer_.AddPerson(authors_[author].source_id, authors_[author].name));
  if (named_as_.size() <= static_cast<size_t>(id)) named_as_.resize(static_cast<size_t>(id) + 1);
  named_as_[static_cast<size_t>(id)] = author;
  return id;
}

Status BatchWriter::Finish(const TelegramSummary& summary) {
  std::unordered_map<ChatId, std::vector<MessageId>> maybe, likely;
  for (const OldTarget& target : summary.old_targets) {
    const ChatId chat = chats_[target.chat];
    (target.replies >= kTopicReplies ? likely : maybe)[chat].push_back(
        MakeMessageId(chat, target.id));
  }
  for (const ChatId chat : chats_) {
    RETURN_IF_ERROR(writer_.AssignTopics(chat, maybe[chat], likely[chat]));
  }
  RETURN_IF_ERROR(GuessKind());
  ASSIGN_OR_RETURN(const JoinCounts joined, writer_.Join());
  report_.identified_messages += joined.identified;
  report_.joined_chats = joined.chats;
  return {};
}

// An HTML page does not say what kind of chat it is: one of two people is called as the other one,
// and where more than two write it is a group.
Status BatchWriter::GuessKind() {
  if (known_by_ != ChatsKnownBy::kName || named_chat_.kind != ChatKind::kOther) return {};
  size_t wrote = 0;
  bool is_named = false;
  for (size_t i = 0; i < authors_.size(); ++i) {
    if (author_ids_[i] == 0) continue;
    ++wrote;
    is_named |= authors_[i].name == named_chat_.name;
  }
  if (wrote == 2 && is_named) named_chat_.kind = ChatKind::kPrivate;
  if (wrote > 2) named_chat_.kind = ChatKind::kGroup;
  if (named_chat_.kind == ChatKind::kOther) return {};
  ASSIGN_OR_RETURN(const ChatId id, writer_.AddChat(named_chat_));
  (void)id;
  return {};
}

}  // namespace idiolect
