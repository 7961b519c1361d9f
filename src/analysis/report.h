#pragma once
// The stage `report`: what is in the workspace and in the persona's dataset, told in one language.
//
//   reports/collection.md, .html    what was collected and what became of it
//   reports/dataset.md, .html       channels, topics, quality, split
//   reports/style.md, .html         how the persona writes, beside others in the same chats
//   reports/instructions.md         what to do with this dataset
//
// Reads everything, writes files only. The lexicon (lexicon.txt of the workspace) is put there when
// there is none, so that it can be edited.

#include <optional>
#include <string>

#include "analysis/labels.h"
#include "analysis/training_estimate.h"
#include "base/interrupt.h"
#include "base/language.h"
#include "base/progress.h"
#include "store/workspace.h"

namespace idiolect {

// Counts up when the same facts give other pages.
constexpr int kReportCodeVersion = 2;

struct ReportOptions {
  Language language = Language::kEnglish;
  Names names = Names::kPseudonyms;
  std::string time_zone;               // empty: this machine's
  std::optional<LocalTraining> local;  // what training here takes, where that is known
};

// Writes the files, replacing those there, and returns its figures as JSON (docs/json.md). Fails
// with kNotFound when the persona has no dataset, kBadInput for a faulty lexicon, kMisuse for an
// unknown zone, kInterrupted on request; then no file was replaced.
Result<std::string> WriteReport(Workspace& workspace, PersonId persona,
                                const ReportOptions& options, Progress& progress,
                                const Interrupt& interrupt);

// The workspace's lexicon file as bytes; the built-in text when there is none.
Result<std::string> LexiconText(const Workspace& workspace);

}  // namespace idiolect
