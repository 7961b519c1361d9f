#pragma once
// One pass over every message of the workspace that counts all the report needs: the caller's
// thread reads the database and counts what needs no words (collection.h), a second one looks at
// the words of the chats where the persona speaks (speech.h, topics.h). Memory does not grow with
// the texts.

#include <memory>
#include <string>
#include <vector>

#include "analysis/collection.h"
#include "analysis/lexicon.h"
#include "analysis/speech.h"
#include "analysis/topics.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "store/messages.h"
#include "store/samples.h"
#include "store/workspace.h"

namespace idiolect {

struct ReportFacts {
  PersonId persona = 0;
  std::vector<std::string> names;  // by PersonId; empty: unknown
  std::unique_ptr<TimeZone> zone;
  std::vector<ImportRow> imports;
  DatasetRow dataset;
  std::vector<SampleRow> samples;
  std::vector<RejectRow> rejects;
  CollectionFacts collection;
  std::unique_ptr<WordTable> words;
  SpeechFacts speech;
  TopicFacts topics;
};

// `zone`: name of a time zone, empty for this machine's. The lexicon must outlive the facts.
// kNotFound when the persona has no dataset; kMisuse for an unknown zone; kInterrupted on request.
Result<ReportFacts> GatherFacts(Workspace& workspace, PersonId persona, const Lexicon& lexicon,
                                const std::string& zone, Progress& progress,
                                const Interrupt& interrupt);

}  // namespace idiolect
