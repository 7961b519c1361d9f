#pragma once
// The stage `build`: chats in the workspace → a dataset for one persona. Two passes over the
// messages: one plans (plan.h), the other writes (compose.h, writer.h); neither holds the texts of
// more than two conversations. Linear in the number of messages.
//
//   datasets/<name>-<id>-<stamp>/train.jsonl valid.jsonl test.jsonl   one sample a line:
//     {"messages":[{"role":"system","content":"…"},{"role":"user","content":"…"},
//                  {"role":"assistant","content":"…","weight":0},{"role":"user","content":"…"},
//                  {"role":"assistant","content":"…"}]}
//     user and assistant alternate, the user begins, the last message is the answer to learn;
//     earlier turns of the persona have weight 0: they are learned in their own samples, or not at
//     all.
//   datasets/<name>-<id>-<stamp>/manifest.json                        counts, options, hashes
//   and beside them pairs.jsonl, dialogs.json, dialogs.csv, rejected.csv (docs/formats.md) and a
//   card, README.md

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "dataset/build_options.h"
#include "dataset/quality.h"
#include "store/workspace.h"

namespace idiolect {

// Counts up when the same messages and options give other files.
constexpr int kBuildCodeVersion = 5;

struct BuildSummary {
  int64_t dialogs = 0;  // conversations that hold at least one sample
  int64_t pairs = 0;    // samples, all parts together
  int64_t train = 0, valid = 0, test = 0;
  // Messages of the persona by what became of them: answers + all rejected = messages.
  int64_t messages = 0, answers = 0;
  std::map<std::string, int64_t> rejected;  // by rule's name
  // Messages that could be answers by themselves: all but service messages, media without words,
  // forwards and what else nobody said to anybody. `quality` is accepted ÷ candidates.
  int64_t candidates = 0;
  double quality = 0, mean_quality = 0;
  std::array<double, kQualitySignals> signals{};  // means over the samples, 0…1
  std::array<int64_t, 10> quality_histogram{};    // samples by tenth of quality
  std::map<std::string, int64_t> pii;             // met in what was written, by kind
  int64_t all_messages = 0, all_dialogs = 0;
  // Talks (dialogs/link_conversations.h) in which the persona answers, and their turns.
  int64_t talks = 0, talk_turns = 0;
  double context_coverage = 0;  // share of the others' words in those that some prompt holds
  int64_t bytes = 0;
  std::string system_prompt;
  std::string dir;  // full path

  // {"dialogs":…,"pairs":…,"train":…,"valid":…,"test":…,"rejected":{…},"dir":"…", …}
  std::string ToJson() const;
};

// Publishes the folder and replaces the persona's rows in datasets, samples and rejects, or changes
// nothing. Fails with kMisuse for options out of range, kInterrupted on request, and kFailed when
// not one sample is left: the message says which rules took them, the hint what to change.
Result<BuildSummary> BuildDataset(Workspace& workspace, PersonId persona,
                                  const BuildOptions& options, const Clock& clock,
                                  Progress& progress, const Interrupt& interrupt);

}  // namespace idiolect
