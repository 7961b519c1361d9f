#include "analysis/collection.h"

#include <algorithm>

namespace idiolect {
namespace {

constexpr size_t kMostRecent = 4096;

bool HasPeople(ChatKind kind) {
  return kind == ChatKind::kPrivate || kind == ChatKind::kGroup || kind == ChatKind::kOther;
}

}  // namespace

std::vector<Silence> CollectionFacts::Silences(int64_t least_days) const {
  std::vector<Silence> silences;
  const int64_t* before = nullptr;
  for (const auto& [day, count] : days) {
    if (before != nullptr && day - *before - 1 >= least_days) {
      silences.push_back({*before + 1, day - 1});
    }
    before = &day;
  }
  std::stable_sort(silences.begin(), silences.end(), [](const Silence& a, const Silence& b) {
    return a.last_day - a.first_day > b.last_day - b.first_day;
  });
  return silences;
}

CollectionCounter::CollectionCounter(PersonId persona, size_t people, TimeZone& zone)
    : persona_(persona), zone_(zone) {
  facts_.people.resize(people);
  last_chat_of_.resize(people);
}

void CollectionCounter::BeginChat(const Chat& chat, bool persona_speaks) {
  EndChat();
  facts_.chats.emplace_back();
  chat_ = &facts_.chats.back();
  chat_->chat = chat;
  chat_->persona_speaks = persona_speaks;
}

void CollectionCounter::EndChat() {
  EndRun();
  run_author_ = 0;
  recent_.clear();
  topic_index_.clear();
  if (day_count_ > 0) facts_.days[day_] += day_count_;
  day_ = INT64_MIN;
  day_count_ = 0;
}

void CollectionCounter::EndRun() {
  if (run_length_ > 0 && chat_->persona_speaks && HasPeople(chat_->chat.kind)) {
    const Voice voice = run_author_ == persona_ ? kPersona : kOthers;
    ++facts_.runs[voice][std::min(run_length_, kMostRun)];
  }
  run_length_ = 0;
}

void CollectionCounter::MoveTo(int64_t time) {
  const int64_t local = time + zone_.OffsetAt(time);
  const int64_t day = local >= 0 ? local / 86400 : (local - 86399) / 86400;
  hour_ = static_cast<int>((local - day * 86400) / 3600);
  if (day == day_) return;
  if (day_count_ > 0) facts_.days[day_] += day_count_;
  day_count_ = 0;
  day_ = day;
  weekday_ = WeekdayOf(day);
  const CivilDay civil = CivilDayOf(day);
  month_ = civil.year * 12 + civil.month - 1;
  chat_month_ = &chat_->months[month_];
  all_month_ = &facts_.months[month_];
}

Placed CollectionCounter::Add(const MessageView& message) {
  MoveTo(message.time);
  ++day_count_;
  ++*chat_month_;
  ++facts_.messages;
  ++chat_->messages;
  if (chat_->first == 0 || message.time < chat_->first) chat_->first = message.time;
  if (chat_->last != 0 && message.time - chat_->last > chat_->silence) {
    chat_->silence = message.time - chat_->last;
    chat_->silence_begin = chat_->last;
  }
  chat_->last = std::max(chat_->last, message.time);

  Placed placed;
  placed.month = month_;
  if (message.topic != 0 || message.extra == "topic_created") {
    const MessageId id = message.topic != 0 ? message.topic : message.id;
    const auto [at, fresh] = topic_index_.try_emplace(id, chat_->topics.size());
    if (fresh) {
      chat_->topics.emplace_back();
      chat_->topics.back().id = id;
    }
    ForumTopic& topic = chat_->topics[at->second];
    if (message.topic == 0) {
      topic.title = message.text;
    } else if (message.kind == MessageKind::kOrdinary) {
      ++topic.messages;
      topic.persona_messages += message.author == persona_;
    }
  }
  if (message.kind != MessageKind::kOrdinary) {
    ++(message.kind == MessageKind::kService ? chat_->service : chat_->unsupported);
    return placed;
  }
  ++facts_.ordinary;
  ++facts_.media[std::min<size_t>(static_cast<size_t>(message.media), facts_.media.size() - 1)];
  const auto author = static_cast<size_t>(message.author);
  if (message.author > 0 && author < facts_.people.size()) {
    ++facts_.people[author].messages;
    if (last_chat_of_[author] != chat_->chat.id) {
      last_chat_of_[author] = chat_->chat.id;
      ++facts_.people[author].chats;
      ++chat_->people;
      if (message.author != persona_) chat_->other = message.author;
    }
  } else {
    ++facts_.nobody_messages;
  }
  placed.voice = message.author == persona_ ? kPersona : kOthers;
  facts_.persona_messages += placed.voice == kPersona;
  chat_->persona_messages += placed.voice == kPersona;
  ++(*all_month_)[placed.voice];
  ++facts_.hours[placed.voice][weekday_][hour_];

  placed.opens_run =
      message.author != run_author_ || run_length_ == 0 || message.time - run_end_ > kRunGapSeconds;
  if (placed.opens_run) {
    EndRun();
    if (chat_->persona_speaks && HasPeople(chat_->chat.kind)) CountDelay(message, placed.voice);
    run_author_ = message.author;
  }
  ++run_length_;
  run_end_ = message.time;
  if (recent_.size() == kMostRecent) {
    recent_.erase(recent_.begin(), recent_.begin() + kMostRecent / 2);
  }
  recent_.push_back({message.id, message.time, message.author});
  return placed;
}

// A marked reply to another person's message tells exactly; in a talk of two so does the change of
// speaker. Who answers whom in a group without marks is a guess, so that is not counted.
void CollectionCounter::CountDelay(const MessageView& message, Voice voice) {
  if (message.author <= 0) return;
  const Recent* answered = nullptr;
  if (message.reply_to != 0) {
    answered = FindRecent(message.reply_to);
  } else if (chat_->chat.kind == ChatKind::kPrivate && !recent_.empty()) {
    answered = &recent_.back();
  }
  if (answered == nullptr || answered->author == message.author || answered->author <= 0) return;
  const int64_t delay = message.time - answered->time;
  if (delay < 0 || delay > kMostDelaySeconds) return;
  facts_.delays[voice].push_back(static_cast<uint32_t>(delay));
}

const CollectionCounter::Recent* CollectionCounter::FindRecent(MessageId id) const {
  const auto found = std::lower_bound(recent_.begin(), recent_.end(), id,
                                      [](const Recent& a, MessageId b) { return a.id < b; });
  return found != recent_.end() && found->id == id ? &*found : nullptr;
}

CollectionFacts CollectionCounter::Take() {
  if (chat_ != nullptr) EndChat();
  for (const ChatFacts& chat : facts_.chats) {
    if (chat.messages == 0) continue;
    if (facts_.first == 0 || chat.first < facts_.first) facts_.first = chat.first;
    facts_.last = std::max(facts_.last, chat.last);
  }
  chat_ = nullptr;
  return std::move(facts_);
}

}  // namespace idiolect
