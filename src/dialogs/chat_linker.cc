#include "dialogs/chat_linker.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace idiolect {

ChatLinker::ChatLinker(const LinkKnowledge& knowledge, const LinkPeople& people,
                       const ChatLinkerOptions& options, Sink sink)
    : options_(options), sink_(std::move(sink)) {
  for (int i = 0; i < std::max(options.threads, 1); ++i) {
    linkers_.push_back(std::make_unique<Linker>(knowledge, people));
  }
}

Status ChatLinker::Add(const MessageView& message) {
  Held held{message.id, message.reply_to, static_cast<uint32_t>(arena_.size()), 0};
  ChatLine line;
  line.time = message.time;
  line.author = static_cast<uint32_t>(message.author);
  line.spoken = message.kind == MessageKind::kOrdinary;
  line.topic = message.topic;
  line.flags = message.flags;
  line.media = message.media;
  if (line.spoken) {
    // No more of a text is looked at.
    const std::string_view text = message.text.substr(0, kReadBytes);
    held.text_size = static_cast<uint32_t>(text.size());
    arena_ += text;
  }
  if (message.reply_to != 0) {
    const auto target =
        std::lower_bound(held_.begin(), held_.end(), message.reply_to,
                         [](const Held& earlier, MessageId wanted) { return earlier.id < wanted; });
    // As far as the window reaches and no farther, however much happens to be held.
    if (target != held_.end() && target->id == message.reply_to &&
        held_.end() - target <= static_cast<ptrdiff_t>(kWindow)) {
      line.marked = static_cast<uint32_t>(target - held_.begin());
    } else {
      line.marked_elsewhere = true;
    }
  }
  held_.push_back(held);
  lines_.push_back(line);
  const auto batch = options_.piece * static_cast<uint32_t>(linkers_.size());
  if (lines_.size() >= done_ + batch + kSeenBehind) return LinkUpTo(done_ + batch);
  return {};
}

Status ChatLinker::Finish() {
  return LinkUpTo(static_cast<uint32_t>(lines_.size()));
}

Status ChatLinker::LinkUpTo(uint32_t end) {
  if (end <= done_) return {};
  for (size_t i = 0; i < lines_.size(); ++i) {
    lines_[i].text = std::string_view(arena_).substr(held_[i].text_at, held_[i].text_size);
  }
  const auto pieces = static_cast<uint32_t>(linkers_.size());
  struct Piece {
    uint32_t begin = 0, end = 0;
    std::vector<LineLink> links;  // lines count from the piece's context
    uint32_t context = 0;
  };
  std::vector<Piece> work(pieces);
  const auto link = [&](uint32_t number) {
    Piece& piece = work[number];
    piece.begin = done_ + (end - done_) * number / pieces;
    piece.end = done_ + (end - done_) * (number + 1) / pieces;
    if (piece.begin == piece.end) return;
    piece.context = piece.begin > kSeenBefore ? piece.begin - kSeenBefore : 0;
    const auto last = std::min(static_cast<uint32_t>(lines_.size()), piece.end + kSeenBehind);
    std::vector<ChatLine> lines(lines_.begin() + piece.context, lines_.begin() + last);
    for (ChatLine& line : lines) {
      if (line.marked == kNoLine) continue;
      if (line.marked < piece.context) {
        line.marked = kNoLine;
        line.marked_elsewhere = true;
      } else {
        line.marked -= piece.context;
      }
    }
    linkers_[number]->LinkLines(lines, piece.begin - piece.context, piece.end - piece.context,
                                options_.style, &piece.links);
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 1; i < pieces; ++i) threads.emplace_back(link, i);
  link(0);
  for (std::thread& thread : threads) thread.join();

  for (const Piece& piece : work) {
    for (size_t i = 0; i < piece.links.size(); ++i) {
      const LineLink& found = piece.links[i];
      const Held& held = held_[piece.begin + i];
      MessageLink given{held.id, 0, 0, found.probability, found.second_probability, found.reason};
      if (found.reason == LinkReason::kMarked || found.reason == LinkReason::kMarkedFar) {
        given.answers = held.reply_to;
      } else if (found.line != kNoLine) {
        given.answers = held_[piece.context + found.line].id;
      }
      if (found.second != kNoLine) given.second = held_[piece.context + found.second].id;
      RETURN_IF_ERROR(sink_(given));
    }
  }
  done_ = end;

  // What comes later sees kWindow lines, and those lines themselves were read with kWindow before.
  const uint32_t gone = done_ > kSeenBefore ? done_ - kSeenBefore : 0;
  if (gone == 0) return {};
  const uint32_t bytes =
      gone < held_.size() ? held_[gone].text_at : static_cast<uint32_t>(arena_.size());
  arena_.erase(0, bytes);
  lines_.erase(lines_.begin(), lines_.begin() + gone);
  held_.erase(held_.begin(), held_.begin() + gone);
  for (Held& held : held_) held.text_at -= bytes;
  for (ChatLine& line : lines_) {
    if (line.marked == kNoLine) continue;
    if (line.marked < gone) {
      line.marked = kNoLine;
      line.marked_elsewhere = true;
    } else {
      line.marked -= gone;
    }
  }
  done_ -= gone;
  return {};
}

}  // namespace idiolect
