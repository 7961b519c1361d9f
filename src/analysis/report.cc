#include "analysis/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/favourites.h"
#include "analysis/report_pages.h"
#include "base/clock.h"
#include "base/file.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWordsInSummary = 10;

Json CollectionJson(const PageContext& c) {
  const CollectionFacts& all = c.facts.collection;
  int64_t people = 0;
  for (const PersonFacts& person : all.people) people += person.messages > 0;
  Json chats = Json::array();
  for (const ChatFacts& chat : all.chats) {
    chats.push_back({{"name", c.labels.Chat(chat)},
                     {"messages", chat.messages},
                     {"persona_messages", chat.persona_messages},
                     {"people", chat.people},
                     {"first", c.Day(chat.first)},
                     {"last", c.Day(chat.last)}});
  }
  return {{"messages", all.messages},
          {"ordinary", all.ordinary},
          {"persona_messages", all.persona_messages},
          {"people", people},
          {"days", all.days.size()},
          {"first", c.Day(all.first)},
          {"last", c.Day(all.last)},
          {"chats", std::move(chats)}};
}

Json DatasetJson(const PageContext& c) {
  const Yield yield = YieldOf(c);
  Json channels = Json::array();
  for (const ChatShare& share : DialogsByChat(c.facts)) {
    channels.push_back({{"name", c.labels.Chat(share.chat)},
                        {"dialogs", share.dialogs},
                        {"pairs", share.samples}});
  }
  Json topics = Json::object();
  int64_t without = 0;
  for (const DialogFacts& dialog : c.facts.topics.dialogs) without += dialog.topics == 0;
  for (size_t i = 0; i < c.lexicon.lists().size(); ++i) {
    if (c.lexicon.lists()[i].use != LexiconList::Use::kTopic) continue;
    topics[c.lexicon.lists()[i].key] =
        std::count_if(c.facts.topics.dialogs.begin(), c.facts.topics.dialogs.end(),
                      [i](const DialogFacts& dialog) { return dialog.topics >> i & 1; });
  }
  return {{"dialogs", c.facts.topics.dialogs.size()}, {"pairs", c.facts.samples.size()},
          {"candidates", yield.candidates},           {"accepted", yield.accepted},
          {"channels", std::move(channels)},          {"topics", std::move(topics)},
          {"dialogs_without_topic", without}};
}

Json VoiceJson(const PageContext& c, Voice which) {
  const VoiceFacts& voice = c.facts.speech.voices[which];
  constexpr const char* kFeatureKeys[kFeatures] = {
      "question", "exclamation",  "ellipsis",         "smile_brackets",
      "emoji",    "angle_quotes", "straight_quotes",  "dash",
      "caps",     "starts_lower", "ends_with_period", "mixed_scripts"};
  Json features = Json::object();
  for (size_t i = 0; i < kFeatures; ++i) features[kFeatureKeys[i]] = voice.features[i];
  Json traits = Json::object();
  for (size_t i = 0; i < c.lexicon.lists().size(); ++i) {
    if (c.lexicon.lists()[i].use == LexiconList::Use::kTrait) {
      traits[c.lexicon.lists()[i].key] = voice.lists[i];
    }
  }
  return {{"messages", voice.messages},     {"words", voice.words},
          {"characters", voice.characters}, {"latin_words", voice.latin_words},
          {"emoji", voice.emoji},           {"features", std::move(features)},
          {"traits", std::move(traits)}};
}

Json LocalJson(const std::optional<LocalTraining>& local) {
  if (!local) return nullptr;
  return {{"model", local->model},
          {"machine", local->machine},
          {"epochs", local->epochs},
          {"steps", local->steps},
          {"seconds", std::round(local->seconds)},
          {"tokens_per_second", std::round(local->tokens_per_second)},
          {"measured_at", FormatIsoUtc(local->measured_at)}};
}

Json StyleJson(const PageContext& c) {
  const auto list = [](const std::vector<Favourite>& favourites) {
    Json words = Json::array();
    for (const Favourite& favourite : favourites) {
      words.push_back({{"text", favourite.text},
                       {"persona", favourite.one},
                       {"others", favourite.others},
                       {"z", std::round(favourite.z * 100) / 100}});
    }
    return words;
  };
  return {{"persona", VoiceJson(c, kPersona)},
          {"others", VoiceJson(c, kOthers)},
          {"words", list(FavouriteWords(c, Side::kPersona, kWordsInSummary))},
          {"phrases", list(FavouritePhrases(c, kWordsInSummary))}};
}

}  // namespace

Result<std::string> LexiconText(const Workspace& workspace) {
  if (!Exists(workspace.lexicon_file())) return std::string(Lexicon::BuiltInText());
  return ReadFile(workspace.lexicon_file());
}

Result<std::string> WriteReport(Workspace& workspace, PersonId persona,
                                const ReportOptions& options, Progress& progress,
                                const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(const std::string text, LexiconText(workspace));
  ASSIGN_OR_RETURN(const Lexicon lexicon, Lexicon::Parse(text, workspace.lexicon_file().string()));
  ASSIGN_OR_RETURN(const ReportFacts facts, GatherFacts(workspace, persona, lexicon,
                                                        options.time_zone, progress, interrupt));
  auto summary = nlohmann::json::parse(facts.dataset.summary, nullptr, false);
  if (!summary.is_object()) {
    return Fail(ErrorKind::kFailed, "the dataset's record in the workspace is damaged",
                "build it again: idiolect build --again");
  }
  const Labels labels(facts, options.names, options.language);
  const PageContext context{facts, lexicon, labels, options.language, summary};

  const auto dataset = workspace.datasets_folder() / facts.dataset.folder;
  ASSIGN_OR_RETURN(const TrainingEstimate estimate,
                   EstimateTraining(dataset / "train.jsonl", workspace.folder(),
                                    summary.value("train", uint64_t{0})));
  const std::vector<Page> pages = {CollectionPage(context), DatasetPage(context),
                                   StylePage(context)};
  const auto folder = workspace.reports_folder();
  Json files = Json::array();
  const auto publish = [&](const std::string& name, const std::string& bytes) -> Status {
    RETURN_IF_ERROR(PublishFile(folder / name, bytes));
    files.push_back((folder / name).string());
    return {};
  };
  for (const Page& page : pages) {
    RETURN_IF_ERROR(publish(page.file + ".md", ToMarkdown(page, options.language)));
    RETURN_IF_ERROR(publish(page.file + ".html", ToHtml(page, pages, options.language)));
  }
  RETURN_IF_ERROR(publish("instructions.md", ToMarkdown(InstructionsPage(context, dataset.string(),
                                                                         estimate, options.local),
                                                        options.language)));
  if (!Exists(workspace.lexicon_file())) {
    RETURN_IF_ERROR(PublishFile(workspace.lexicon_file(), text));
  }

  const Json json = {{"persona", labels.Person(persona)},
                     {"language", LanguageCode(options.language)},
                     {"time_zone", facts.zone->name()},
                     {"collection", CollectionJson(context)},
                     {"dataset", DatasetJson(context)},
                     {"style", StyleJson(context)},
                     {"training",
                      {{"tokens", estimate.tokens},
                       {"exact", !estimate.carried_over && estimate.exact_counter},
                       {"counter", estimate.counter},
                       {"epochs", estimate.epochs},
                       {"local", LocalJson(options.local)}}},
                     {"files", std::move(files)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace idiolect
