#pragma once
// What `build` can be told. One table names every number with its unit and help, for the command
// line, the run key and the manifest.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/language.h"
#include "dataset/pii/kinds.h"
#include "dialogs/conversation.h"
#include "store/runs.h"

namespace idiolect {

enum class SystemPrompt { kNone, kDefault };
// What becomes of a channel's posts in its discussion group: prompts of the comments under them, or
// nothing. A question is never invented for them.
enum class Posts { kPrompt, kDrop };

struct BuildOptions {
  // Conversations and turns (dialogs/conversation.h, dialogs/turns.h).
  int64_t private_gap_minutes = 4 * 60;
  int64_t group_gap_minutes = 45;
  int64_t join_hours = 24;
  int64_t max_conversation_messages = 400;
  int64_t typing_gap_seconds = 5 * 60;
  // Links: one less likely than this is not used.
  // 0.85: where 90 % of the guessed ones are right (docs/links.md).
  double min_link = 0.85;
  int64_t looks = 1;  // 2: messengers are looked at twice (dialogs/linker.h)
  // Prompts. The turn that is answered is always there, shortened when it is longer than this.
  // In tokens as EstimateTokens counts them (tokens/token_counter.h).
  int64_t max_context_tokens = 256;
  int64_t max_context_turns = 10;
  // Answers.
  int64_t min_answer_characters = 1;
  int64_t max_answer_characters = 2000;
  int64_t drop_emoji_answers = 0;  // 1: an answer of nothing but emoji is left out
  int64_t drop_greetings = 1;      // 1: "привет", "good morning" and no more is left out
  int64_t drop_foreign = 1;        // 1: so is an answer in a language the person hardly ever writes
  // Answers of some length whose words are this much the same (Jaccard index of their shingles) are
  // one answer said again: the best of them stays. 1: only equal ones.
  double same_answer = 0.7;
  // A text of some length sent this often is an announcement, and none of them an answer. 0: off.
  int64_t announcement = 3;
  double min_quality = 0;  // dataset/quality.h
  // Personal data, by kind.
  PiiPolicy pii;
  // Shares of the samples, by whole conversations, the newest.
  double valid_share = 0.1;
  double test_share = 0.1;

  Posts posts = Posts::kPrompt;
  SystemPrompt system_prompt = SystemPrompt::kDefault;
  std::string system_text;  // not empty: instead of the default one
  // Of the words the dataset itself adds ("Участник 2", "Person 2"); empty: the language of the
  // chats, as the default system prompt always is.
  std::optional<Language> labels;
  // Of messages to the user; no part of the dataset.
  Language language = Language::kEnglish;

  // Chats up to this size in memory are read once and not twice. Changes no result.
  size_t cache_bytes = size_t{48} << 20;

  ConversationOptions Conversations() const;
  // Every option that changes the result, by name, as text.
  RunKey ToKey() const;
};

// One number of BuildOptions: exactly one of `whole` and `real` is set.
struct BuildOptionField {
  const char* name;  // as on the command line, without the dashes
  const char* unit;
  Text help;
  int64_t BuildOptions::*whole = nullptr;
  double BuildOptions::*real = nullptr;
  double least = 0, most = 0;
};
std::span<const BuildOptionField> BuildOptionFields();

// Names every option that is out of its range at once; kMisuse.
Status CheckBuildOptions(const BuildOptions& options);

}  // namespace idiolect
