#pragma once
// What was collected, counted without looking at a word: chats, people, days, hours, silences, who
// speaks how often in a row and how soon an answer comes. Fed with every message of the workspace.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time_zone.h"
#include "core/message.h"

namespace idiolect {

// Everything that is told apart by speaker is told for these two: the persona, and everybody else
// in the same chats.
enum Voice : int { kPersona = 0, kOthers = 1 };
constexpr int kVoices = 2;

// Months since the year 0, so that they can be counted on: year * 12 + month - 1.
using MonthIndex = int32_t;

constexpr int64_t kRunGapSeconds = 5 * 60;    // longer silence ends a run of messages
constexpr int64_t kMostDelaySeconds = 86400;  // a later answer is no delay but another day's talk
constexpr size_t kMostRun = 10;               // longer runs are counted as this

struct ForumTopic {
  MessageId id = 0;
  std::string title;  // empty: the export has none
  int64_t messages = 0, persona_messages = 0;
};

struct ChatFacts {
  Chat chat;
  bool persona_speaks = false;
  int64_t messages = 0;  // of every kind
  int64_t service = 0, unsupported = 0;
  int64_t persona_messages = 0;  // ordinary
  int64_t people = 0;            // who wrote
  PersonId other = 0;            // somebody but the persona; in a private chat the other side
  int64_t first = 0, last = 0;   // times; 0 when there are no messages
  int64_t silence = 0, silence_begin = 0;  // the longest, in seconds
  std::map<MonthIndex, int64_t> months;    // messages
  std::vector<ForumTopic> topics;          // in order of id
};

struct PersonFacts {
  int64_t messages = 0;  // ordinary
  int64_t chats = 0;
};

// A stretch of days without a message in any chat.
struct Silence {
  int64_t first_day = 0, last_day = 0;  // days since 1970, both silent
};

struct CollectionFacts {
  std::vector<ChatFacts> chats;     // in order of id
  std::vector<PersonFacts> people;  // by PersonId
  int64_t messages = 0, ordinary = 0;
  int64_t persona_messages = 0, nobody_messages = 0;  // ordinary; of unknown authors
  std::array<int64_t, 15> media = {};                 // by MediaKind
  int64_t first = 0, last = 0;
  std::map<int64_t, int64_t> days;                            // local day → messages
  std::map<MonthIndex, std::array<int64_t, kVoices>> months;  // ordinary
  int64_t hours[kVoices][7][24] = {};                         // ordinary, local time
  int64_t runs[kVoices][kMostRun + 1] = {};                   // by length
  std::vector<uint32_t> delays[kVoices];                      // seconds, unordered

  // At least this many days long, longest first.
  std::vector<Silence> Silences(int64_t least_days) const;
};

// What the counter says of a message, for those who go on with its words.
struct Placed {
  Voice voice = kOthers;
  bool opens_run = false;
  MonthIndex month = 0;
};

// Chats come one after another, messages in order of id. Thread-compatible.
class CollectionCounter {
 public:
  // `zone` must outlive the counter.
  CollectionCounter(PersonId persona, size_t people, TimeZone& zone);

  // Begins a chat. `persona_speaks`: whether any message in it is the persona's.
  void BeginChat(const Chat& chat, bool persona_speaks);
  Placed Add(const MessageView& message);
  CollectionFacts Take();

 private:
  struct Recent {
    MessageId id;
    int64_t time;
    PersonId author;
  };
  void EndChat();
  void EndRun();
  void CountDelay(const MessageView& message, Voice voice);
  void MoveTo(int64_t time);
  const Recent* FindRecent(MessageId id) const;

  const PersonId persona_;
  TimeZone& zone_;
  CollectionFacts facts_;
  ChatFacts* chat_ = nullptr;
  std::vector<ChatId> last_chat_of_;  // by PersonId
  std::unordered_map<MessageId, size_t> topic_index_;

  // Local time of the message in hand; the parts of the day change seldom.
  int64_t day_ = INT64_MIN, day_count_ = 0;
  int weekday_ = 0, hour_ = 0;
  MonthIndex month_ = 0;
  int64_t* chat_month_ = nullptr;
  std::array<int64_t, kVoices>* all_month_ = nullptr;

  // The run going on.
  PersonId run_author_ = 0;
  int64_t run_end_ = 0;
  size_t run_length_ = 0;
  std::vector<Recent> recent_;  // ascending ids; the older half goes when it is full
};

}  // namespace idiolect
