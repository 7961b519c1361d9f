#include "dataset/build.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/hash.h"
#include "base/ordered_pass.h"
#include "base/text.h"
#include "base/version.h"
#include "dataset/card.h"
#include "dataset/compose.h"
#include "dataset/conversation_pass.h"
#include "dataset/filter.h"
#include "dataset/folder_name.h"
#include "dataset/plan.h"
#include "dataset/split.h"
#include "dataset/voices.h"
#include "dataset/writer.h"
#include "store/database.h"
#include "store/message_lookup.h"
#include "store/messages.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kFewSamples = 10;  // fewer and hosted providers refuse the file

struct Persona {
  PersonId id = 0;
  std::string source_id;
  std::string name;  // may be empty
};

std::string ShownName(const Persona& persona) {
  return persona.name.empty() ? persona.source_id : persona.name;
}

Language LanguageOfChats(const Plan& plan) {
  return plan.cyrillic_letters > plan.latin_letters ? Language::kRussian : Language::kEnglish;
}

double Rounded(double share) {
  return std::round(share * 1000) / 1000;
}

// One build: what its steps share.
class Build {
 public:
  Build(Workspace& workspace, const BuildOptions& options, const Clock& clock, Progress& progress,
        const Interrupt& interrupt)
      : workspace_(workspace),
        options_(options),
        clock_(clock),
        progress_(progress),
        interrupt_(interrupt),
        cache_(options.cache_bytes) {}

  Result<BuildSummary> Run(PersonId persona);

 private:
  Status FindPersona(PersonId id);
  Result<Plan> MakePlan();
  // Writes the lines and, on the caller's thread, the rows; returns the dataset's row id.
  Result<int64_t> Write(const Plan& plan, DatasetWriter& writer, const DatasetRow& row);
  Status Take(ComposedPart&& part, DatasetWriter& writer);
  // Gives every conversation of every chat to the pass and ends it.
  template <typename Pass>
  Status PassOverChats(Pass& pass);
  Status ReadChats(const ConversationSink& sink);
  Result<std::string> KeyHash();
  void CountSamples(const Plan& plan);
  void MeasureQuality(const Plan& plan);
  tl::unexpected<Error> NoSamples() const;
  std::string Manifest(const std::array<WrittenFile, kDatasetFiles>& files,
                       const std::string& key) const;

  Workspace& workspace_;
  const BuildOptions& options_;
  const Clock& clock_;
  Progress& progress_;
  const Interrupt& interrupt_;
  Persona persona_;
  std::vector<std::string> names_;  // by PersonId
  std::vector<Chat> chats_;
  std::string fingerprint_;
  int64_t now_ = 0;
  uint64_t total_ = 0, shown_ = 0;  // messages
  ConversationCache cache_;
  PiiLexicon lexicon_;
  Pseudonyms pseudonyms_{0};
  BuildSummary summary_;
  // Of all that was composed so far.
  ComposedPart composed_;
};

Status Build::FindPersona(PersonId id) {
  ASSIGN_OR_RETURN(names_, PersonNames(workspace_.database()));
  ASSIGN_OR_RETURN(auto source_id, SourceIdOfPerson(workspace_.database(), id));
  if (!source_id) {
    return Fail(ErrorKind::kNotFound,
                "building a dataset: there is no person " + std::to_string(id),
                "idiolect people lists all");
  }
  persona_ = {id, *source_id, names_[static_cast<size_t>(id)]};
  for (size_t person = 1; person < names_.size(); ++person) {
    if (static_cast<PersonId>(person) != id) lexicon_.AddPerson(names_[person]);
  }
  lexicon_.Spare(persona_.name);
  pseudonyms_ = Pseudonyms(id);
  return {};
}

Status Build::ReadChats(const ConversationSink& sink) {
  for (const Chat& chat : chats_) {
    RETURN_IF_ERROR(ForEachConversation(workspace_.database(), chat, persona_.id,
                                        options_.Conversations(), interrupt_,
                                        [&](const Conversation& conversation) {
                                          shown_ += conversation.messages.size();
                                          progress_.Update(std::min(shown_, total_));
                                          return sink(conversation);
                                        }));
  }
  return {};
}

template <typename Pass>
Status Build::PassOverChats(Pass& pass) {
  const Status read = ReadBatches([this](const ConversationSink& sink) { return ReadChats(sink); },
                                  [&pass](ConversationBatch batch) { return pass.Give(batch); });
  RETURN_IF_ERROR(pass.End());
  return read;
}

Result<Plan> Build::MakePlan() {
  ASSIGN_OR_RETURN(
      const auto knowledge,
      LinkKnowledge::BuiltIn(options_.looks == 2 ? MessengerLooks::kTwo : MessengerLooks::kOne));
  const LinkPeople link_people(*knowledge, names_);
  std::vector<std::unique_ptr<Planner>> planners;
  for (size_t i = 0; i < PassThreads(); ++i) {
    planners.push_back(
        std::make_unique<Planner>(persona_.id, options_, *knowledge, link_people, lexicon_));
  }
  Plan plan;
  OrderedPass<ConversationBatch, Plan> pass(
      planners.size(),
      [&planners](size_t thread, const ConversationBatch& batch) -> Result<Plan> {
        for (const OwnedConversation& conversation : *batch) {
          planners[thread]->Add(conversation.view());
        }
        return planners[thread]->Take();
      },
      [&](ConversationBatch&& batch, Plan&& part) -> Status {
        plan.Append(std::move(part));
        for (const OwnedConversation& conversation : *batch) pseudonyms_.Meet(conversation.view());
        cache_.Keep(batch);
        return {};
      });
  RETURN_IF_ERROR(PassOverChats(pass));
  std::sort(plan.rejects.begin(), plan.rejects.end(),
            [](const RejectRow& a, const RejectRow& b) { return a.message < b.message; });
  FilterSamples(options_, &plan);
  AssignSplits(options_, &plan);
  NumberLines(&plan);
  return plan;
}

Status Build::Take(ComposedPart&& part, DatasetWriter& writer) {
  for (size_t file = 0; file < kDatasetFiles; ++file) {
    RETURN_IF_ERROR(
        writer.AddLines(static_cast<DatasetFile>(file), part.text[file], part.lines[file]));
  }
  RETURN_IF_ERROR(composed_.leak_check.Join(std::move(part.leak_check)));
  composed_.conversations += part.conversations;
  composed_.rejects += part.rejects;
  composed_.talks += part.talks;
  composed_.talk_turns += part.talk_turns;
  composed_.others_bytes += part.others_bytes;
  composed_.others_shown_bytes += part.others_shown_bytes;
  for (size_t kind = 0; kind < kPiiKinds; ++kind) composed_.pii[kind] += part.pii[kind];
  return {};
}

Result<int64_t> Build::Write(const Plan& plan, DatasetWriter& writer, const DatasetRow& row) {
  const ComposerFacts facts{{persona_.id, persona_.name, summary_.system_prompt,
                             options_.labels.value_or(LanguageOfChats(plan))},
                            options_,
                            plan,
                            lexicon_,
                            pseudonyms_,
                            chats_,
                            HeldOutAnswers(plan)};
  std::vector<std::unique_ptr<Composer>> composers;
  for (size_t i = 0; i < PassThreads(); ++i) composers.push_back(std::make_unique<Composer>(facts));
  OrderedPass<ConversationBatch, ComposedPart> pass(
      composers.size(),
      [&](size_t thread, const ConversationBatch& batch) -> Result<ComposedPart> {
        if (interrupt_.Requested()) {
          return Fail(ErrorKind::kInterrupted, "writing the dataset was interrupted",
                      "run the same command again");
        }
        return composers[thread]->Compose(*batch);
      },
      [&](ConversationBatch&&, ComposedPart&& part) { return Take(std::move(part), writer); });
  const auto finish = [&]() -> Status {
    if (composed_.conversations != plan.conversations.size() ||
        composed_.rejects != plan.rejects.size()) {
      return Fail(ErrorKind::kFailed, "writing the dataset: the messages changed meanwhile",
                  "run the same command again");
    }
    RETURN_IF_ERROR(Take(DatasetTail(), writer));
    RETURN_IF_ERROR(writer.EndLines());
    return composed_.leak_check.CheckLikeness(options_.same_answer);
  };

  RETURN_IF_ERROR(Take(DatasetHead(facts.voice), writer));
  const auto add_rows = [&] {
    return ReplaceDataset(workspace_.database(), row, RowsOf(plan), plan.rejects);
  };
  Result<int64_t> id = 0;
  if (cache_.complete()) {
    // Words into lines on the other threads, rows into the database here.
    Status composed;
    std::thread giving([&] {
      for (const ConversationBatch& batch : cache_.batches()) {
        if (!pass.Give(batch)) break;
      }
      composed = pass.End();
      if (composed) composed = finish();
    });
    id = add_rows();
    giving.join();
    RETURN_IF_ERROR(composed);
  } else {
    RETURN_IF_ERROR(PassOverChats(pass));
    RETURN_IF_ERROR(finish());
    id = add_rows();
  }
  for (const PiiKindInfo& info : PiiKindTable()) {
    const int64_t count = composed_.pii[static_cast<size_t>(info.kind)];
    if (count > 0) summary_.pii[info.name] = count;
  }
  summary_.bytes = writer.bytes();
  summary_.talks = composed_.talks;
  summary_.talk_turns = composed_.talk_turns;
  if (composed_.others_bytes > 0) {
    summary_.context_coverage = static_cast<double>(composed_.others_shown_bytes) /
                                static_cast<double>(composed_.others_bytes);
  }
  return id;
}

Result<std::string> Build::KeyHash() {
  Sha256 hash;
  RunKey key = options_.ToKey();
  key["code"] = std::to_string(kBuildCodeVersion);
  key["persona"] = persona_.source_id;
  key["messages"] = fingerprint_;
  for (const auto& [name, value] : key) {
    hash.AddField(name);
    hash.AddField(value);
  }
  return hash.Hex();
}

void Build::CountSamples(const Plan& plan) {
  summary_.all_messages = plan.messages;
  summary_.all_dialogs = plan.all_conversations;
  summary_.messages = plan.persona_messages;
  int64_t* const by_split[kSplits] = {&summary_.train, &summary_.valid, &summary_.test};
  for (const PlannedConversation& conversation : plan.conversations) {
    int64_t kept = 0;
    for (uint32_t i = conversation.samples_begin; i < conversation.samples_end; ++i) {
      if (plan.samples[i].dropped) continue;
      ++kept;
      summary_.answers += plan.samples[i].answer_end - plan.samples[i].answer_begin;
    }
    *by_split[static_cast<int>(conversation.split)] += kept;
    summary_.pairs += kept;
    summary_.dialogs += kept > 0;
  }
  int64_t nothing_said = 0;
  for (const RejectRow& reject : plan.rejects) {
    ++summary_.rejected[InfoOf(static_cast<RejectRule>(reject.rule)).name];
    nothing_said += IsNothingSaid(static_cast<RejectRule>(reject.rule));
  }
  summary_.candidates = plan.persona_messages - nothing_said;
  if (summary_.candidates > 0) {
    summary_.quality =
        static_cast<double>(summary_.answers) / static_cast<double>(summary_.candidates);
  }
  MeasureQuality(plan);
}

void Build::MeasureQuality(const Plan& plan) {
  if (summary_.pairs == 0) return;
  const auto pairs = static_cast<double>(summary_.pairs);
  for (const PlannedSample& sample : plan.samples) {
    if (sample.dropped) continue;
    summary_.mean_quality += sample.quality / pairs;
    ++summary_.quality_histogram[std::min<size_t>(static_cast<size_t>(sample.quality * 10), 9)];
    for (size_t i = 0; i < kQualitySignals; ++i) {
      summary_.signals[i] += sample.signals[i] / 100.0 / pairs;
    }
  }
}

tl::unexpected<Error> Build::NoSamples() const {
  if (summary_.messages == 0) {
    return Fail(
        ErrorKind::kFailed,
        "building a dataset for " + ShownName(persona_) + ": 0 samples, no messages by them",
        "choose another persona: idiolect people");
  }
  std::vector<const RejectRuleInfo*> rules;
  for (const RejectRuleInfo& info : RejectRules()) {
    if (summary_.rejected.contains(info.name)) rules.push_back(&info);
  }
  std::stable_sort(rules.begin(), rules.end(), [this](const auto* a, const auto* b) {
    return summary_.rejected.at(a->name) > summary_.rejected.at(b->name);
  });
  std::string message = "building a dataset for " + ShownName(persona_) + ": 0 samples from " +
                        GroupDigits(summary_.messages) + " messages; taken by ";
  for (size_t i = 0; i < rules.size(); ++i) {
    message += (i == 0 ? "" : ", ") + std::string(rules[i]->name) + " (" +
               Say(options_.language, rules[i]->what) + ") " +
               GroupDigits(summary_.rejected.at(rules[i]->name));
  }
  return Fail(ErrorKind::kFailed, std::move(message),
              rules.empty() ? "" : rules.front()->remedy.en);
}

std::string Build::Manifest(const std::array<WrittenFile, kDatasetFiles>& files,
                            const std::string& key) const {
  Json manifest;
  manifest["format"] = "openai-chat-jsonl";
  manifest["program"] = {{"name", "idiolect"}, {"version", kVersion}, {"build", kBuildCodeVersion}};
  manifest["created_at"] = FormatIsoUtc(now_);
  manifest["persona"] = {{"id", persona_.source_id}, {"name", persona_.name}};
  manifest["system_prompt"] = summary_.system_prompt;
  manifest["source"] = {
      {"messages", summary_.all_messages}, {"chats", chats_.size()}, {"fingerprint", fingerprint_}};
  manifest["options"] = options_.ToKey();
  manifest["key"] = key;
  Json counts = Json::parse(summary_.ToJson());
  counts.erase("dir");
  counts.erase("system_prompt");
  manifest["counts"] = std::move(counts);
  for (const WrittenFile& file : files) {
    manifest["files"].push_back({{"name", file.name},
                                 {"lines", file.lines},
                                 {"bytes", file.bytes},
                                 {"sha256", file.sha256}});
  }
  return manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<BuildSummary> Build::Run(PersonId person) {
  RETURN_IF_ERROR(CheckBuildOptions(options_));
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(workspace_.database()));
  RETURN_IF_ERROR(FindPersona(person));
  ASSIGN_OR_RETURN(chats_, ListChats(workspace_.database()));
  ASSIGN_OR_RETURN(fingerprint_, MessagesFingerprint(workspace_.database()));
  // Counting them all would cost a third of the build; those under a known name are nearly all.
  ASSIGN_OR_RETURN(const auto people, ListPeopleByName(workspace_.database()));
  for (const PersonSummary& known : people) total_ += static_cast<uint64_t>(known.messages);
  progress_.Start("build", total_, "messages");

  ASSIGN_OR_RETURN(const Plan plan, MakePlan());
  CountSamples(plan);
  if (summary_.pairs == 0) return NoSamples();

  summary_.system_prompt = !options_.system_text.empty() ? options_.system_text
                           : options_.system_prompt == SystemPrompt::kDefault
                               ? DefaultSystemPrompt(LanguageOfChats(plan), persona_.name)
                               : std::string();
  now_ = clock_.UnixSeconds();
  ASSIGN_OR_RETURN(auto writer, DatasetWriter::Create(workspace_.datasets_folder()));
  const std::string folder = writer->FreeName(PersonaFolderName(persona_.name, persona_.source_id) +
                                              "-" + FormatStampUtc(now_));
  summary_.dir = (workspace_.datasets_folder() / folder).string();
  ASSIGN_OR_RETURN(const std::string key, KeyHash());
  ASSIGN_OR_RETURN(const int64_t id, Write(plan, *writer, {0, persona_.id, folder, key, now_, ""}));
  RETURN_IF_ERROR(SetDatasetSummary(workspace_.database(), id, summary_.ToJson()));
  ASSIGN_OR_RETURN(const auto files, writer->Files());
  RETURN_IF_ERROR(writer->Publish(
      folder, Manifest(files, key),
      DatasetCard(summary_, folder, options_.labels.value_or(LanguageOfChats(plan)))));
  if (auto committed = transaction.Commit(); !committed) {
    writer->Withdraw();
    return tl::unexpected<Error>(committed.error());
  }
  progress_.Finish();
  if (summary_.pairs < kFewSamples) {
    progress_.Warn("only " + std::to_string(summary_.pairs) +
                   " samples: too few to learn a manner from; import more chats");
  }
  return summary_;
}

}  // namespace

std::string BuildSummary::ToJson() const {
  Json json;
  json["dialogs"] = dialogs;
  json["pairs"] = pairs;
  json["train"] = train;
  json["valid"] = valid;
  json["test"] = test;
  json["messages"] = messages;
  json["answers"] = answers;
  json["rejected"] = Json::object();
  for (const RejectRuleInfo& info : RejectRules()) {
    if (const auto count = rejected.find(info.name); count != rejected.end()) {
      json["rejected"][info.name] = count->second;
    }
  }
  json["candidates"] = candidates;
  json["quality"] = Rounded(quality);
  json["mean_quality"] = Rounded(mean_quality);
  json["signals"] = Json::object();
  for (const QualitySignalInfo& info : QualitySignalTable()) {
    json["signals"][info.name] = Rounded(signals[static_cast<size_t>(info.signal)]);
  }
  json["quality_histogram"] = quality_histogram;
  json["pii"] = Json::object();
  for (const PiiKindInfo& info : PiiKindTable()) {
    if (const auto count = pii.find(info.name); count != pii.end()) {
      json["pii"][info.name] = count->second;
    }
  }
  json["all_messages"] = all_messages;
  json["all_dialogs"] = all_dialogs;
  json["talks"] = talks;
  json["talk_turns"] = talk_turns;
  json["context_coverage"] = Rounded(context_coverage);
  json["bytes"] = bytes;
  json["system_prompt"] = system_prompt;
  json["dir"] = dir;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<BuildSummary> BuildDataset(Workspace& workspace, PersonId persona,
                                  const BuildOptions& options, const Clock& clock,
                                  Progress& progress, const Interrupt& interrupt) {
  return Build(workspace, options, clock, progress, interrupt).Run(persona);
}

}  // namespace idiolect
