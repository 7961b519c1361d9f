#include "store/forum_rows.h"

#include <unordered_map>
#include <unordered_set>

#include "store/database.h"

namespace idiolect {
namespace {

struct Change {
  MessageId id = 0, reply_to = 0, topic = 0;
};

}  // namespace

Result<int64_t> AssignTopics(Database& database, ChatId chat, const std::vector<MessageId>& maybe,
                             const std::vector<MessageId>& likely) {
  std::unordered_set<MessageId> topics;
  ASSIGN_OR_RETURN(auto find,
                   database.Prepare("SELECT kind=1 AND extra='topic_created' FROM messages WHERE "
                                    "id=?1"));
  for (const auto* targets : {&maybe, &likely}) {
    for (const MessageId target : *targets) {
      ASSIGN_OR_RETURN(const bool known, find.Bind(1, target).Step());
      const bool opening = known && find.Integer(0) != 0;
      find.Reset();
      if (opening || (!known && targets == &likely)) topics.insert(target);
    }
  }
  if (topics.empty()) return 0;

  ASSIGN_OR_RETURN(auto list, database.Prepare("SELECT id, reply_to, topic FROM messages WHERE id "
                                               "BETWEEN ?1 AND ?2 AND (reply_to<>0 OR topic<>0) "
                                               "ORDER BY id"));
  const MessageId first = MakeMessageId(chat, -kMessageIdSpan / 2);
  list.Bind(1, first).Bind(2, first + kMessageIdSpan - 1);
  std::unordered_map<MessageId, MessageId> topic_of;
  std::vector<Change> changes;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    Change message{list.Integer(0), list.Integer(1), list.Integer(2)};
    if (message.topic == 0) {
      if (topics.contains(message.reply_to)) {
        message.topic = message.reply_to;
        message.reply_to = 0;
      } else if (const auto at = topic_of.find(message.reply_to); at != topic_of.end()) {
        message.topic = at->second;
      }
      if (message.topic != 0) changes.push_back(message);
    }
    if (message.topic != 0) topic_of.emplace(message.id, message.topic);
  }
  ASSIGN_OR_RETURN(auto change,
                   database.Prepare("UPDATE messages SET reply_to=?2, topic=?3 WHERE id=?1"));
  for (const Change& message : changes) {
    change.Bind(1, message.id).Bind(2, message.reply_to).Bind(3, message.topic);
    RETURN_IF_ERROR(change.Run());
  }
  return static_cast<int64_t>(changes.size());
}

}  // namespace idiolect
