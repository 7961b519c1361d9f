// Who answers whom: how well and how fast. See bench/links.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "base/file.h"
#include "dialogs/linker.h"
#include "irc_corpus.h"
#include "link_rows.h"
#include "link_scores.h"
#include "links_telegram.h"
#include "stem_counts.h"

namespace idiolect {
namespace {

struct Settings {
  std::string irc, rows, pairs, first, model;
  bool words = false;
  TelegramLinkSettings telegram;
};

Status WriteIrcRows(const Settings& settings) {
  ASSIGN_OR_RETURN(const auto logs, ReadIrcLogs(settings.irc));
  ASSIGN_OR_RETURN(auto writer, LinkRowWriter::Create(settings.rows));
  std::optional<LinkModel> first;
  if (!settings.first.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(settings.first));
    ASSIGN_OR_RETURN(first, LinkModel::Parse(text));
  }
  const WordTable words(BuiltInLinkWords());
  uint32_t group = 0;
  int64_t targets = 0, missed = 0, rows = 0, lines = 0;
  for (const IrcLog& log : logs) {
    const auto finder = MakeNickFinder(log.nicks, words);
    LineWindow window(words, *finder);
    window.Read(log.lines);
    LinkScorer scorer;
    const uint32_t begin = log.first_annotated, end = window.size();
    scorer.Compute(window, begin, end, ChatStyle::kNicks, first ? &*first : nullptr,
                   {Marks::kHidden, MarkedLines::kLinked});
    const CandidateTable& candidates = scorer.candidates();
    std::map<uint32_t, std::set<uint32_t>> answers;
    for (const auto& pair : log.pairs) answers[pair.source].insert(pair.target);
    for (const auto& [line, of] : answers) {
      const auto found = candidates.of(line);
      ++lines;
      rows += static_cast<int64_t>(found.size());
      for (const uint32_t target : of) {
        ++targets;
        missed += std::find(found.begin(), found.end(), target) == found.end();
      }
    }
    RETURN_IF_ERROR(writer.Add(
        candidates, scorer.features(), begin, end, group,
        [&](uint32_t line) { return answers.contains(line); },
        [&](uint32_t line, uint32_t candidate) { return answers[line].contains(candidate); }));
    group += end;
  }
  std::fprintf(stderr, "%lld lines, %.1f candidates a line, %.2f %% of %lld targets among them\n",
               static_cast<long long>(lines),
               static_cast<double>(rows) / static_cast<double>(lines),
               100.0 - 100.0 * static_cast<double>(missed) / static_cast<double>(targets),
               static_cast<long long>(targets));
  return writer.Commit();
}

Status CountIrcStems(const Settings& settings) {
  StemCounts counts;
  ASSIGN_OR_RETURN(const auto logs, ReadIrcLogs(settings.irc));
  for (const IrcLog& log : logs) {
    for (const ChatLine& line : log.lines) {
      if (line.spoken) counts.Add(line.text, std::hash<std::string>()(log.nicks[line.author]));
    }
  }
  counts.Print();
  return {};
}

Status JudgeIrc(const Settings& settings) {
  ASSIGN_OR_RETURN(const auto knowledge,
                   ReadKnowledge(ChatStyle::kNicks, settings.first, settings.model));
  ASSIGN_OR_RETURN(const auto logs, ReadIrcLogs(settings.irc));
  LinkScores scores, previous;
  std::string pairs;
  double seconds = 0;
  int64_t lines = 0, annotated = 0;
  for (const IrcLog& log : logs) {
    const auto end = static_cast<uint32_t>(log.lines.size());
    const uint32_t begin = std::min(log.first_annotated, end);
    std::vector<LineLink> links;
    const LinkPeople people(*knowledge, log.nicks);
    const auto start = std::chrono::steady_clock::now();
    Linker linker(*knowledge, people);
    linker.LinkLines(log.lines, begin, end, ChatStyle::kNicks, &links);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    lines += end;
    std::vector<uint32_t> joined;
    linker.JoinLines(begin, end, &joined);
    LinkPairs gold, found, joins, last;
    for (const auto& pair : log.pairs) gold.emplace_back(pair.source, pair.target);
    annotated += static_cast<int64_t>(gold.size());
    for (uint32_t line = begin; line < end; ++line) {
      const LineLink& link = links[line - begin];
      const uint32_t target = link.line == kNoLine ? line : link.line;
      joins.emplace_back(line, joined[line - begin]);
      found.emplace_back(line, target);
      if (link.second != kNoLine) found.emplace_back(line, link.second);
      last.emplace_back(line, line - 1);
    }
    for (const auto& [source, target] : found) {
      pairs += log.name + ":" + std::to_string(source) + " " + std::to_string(target) + " -\n";
    }
    scores.AddFile(gold, found, joins);
    previous.AddFile(gold, last, last);
  }
  if (!settings.pairs.empty()) RETURN_IF_ERROR(PublishFile(settings.pairs, pairs));
  std::printf("%zu files, %lld annotated pairs; previous line: link F %.1f\n", logs.size(),
              static_cast<long long>(annotated), previous.link_f());
  std::printf("links %.1f / %.1f / F %.1f; conversations %.1f / %.1f / F %.1f; VI %.1f\n",
              scores.link_p(), scores.link_r(), scores.link_f(), scores.conv_p(), scores.conv_r(),
              scores.conv_f(), scores.vi());
  std::printf(
      "{\"bench\":\"links\",\"corpus\":\"irc\",\"link_p\":%.2f,\"link_r\":%.2f,"
      "\"link_f\":%.2f,\"conv_f\":%.2f,\"vi\":%.2f,\"messages_per_s\":%.0f,"
      "\"peak_mib\":%.1f}\n",
      scores.link_p(), scores.link_r(), scores.link_f(), scores.conv_f(), scores.vi(),
      static_cast<double>(lines) / seconds, PeakMib());
  return {};
}

Status Run(const Settings& settings) {
  if (settings.irc.empty() == settings.telegram.paths.empty()) {
    return Fail(ErrorKind::kMisuse, "measuring links: give --irc or --telegram",
                "bench/links --irc FOLDER, bench/links --telegram EXPORT…");
  }
  if (!settings.telegram.paths.empty()) {
    TelegramLinkSettings telegram = settings.telegram;
    telegram.rows = settings.rows;
    telegram.first = settings.first;
    telegram.model = settings.model;
    telegram.words = settings.words;
    return RunTelegramLinks(telegram);
  }
  if (settings.words) return CountIrcStems(settings);
  return settings.rows.empty() ? JudgeIrc(settings) : WriteIrcRows(settings);
}

}  // namespace
}  // namespace idiolect

int main(int argc, char** argv) {
  idiolect::Settings settings;
  CLI::App app{"Who answers whom: how well and how fast"};
  app.add_option("--irc", settings.irc, "a folder of annotated IRC logs");
  app.add_option("--pairs", settings.pairs, "with --irc: write every predicted pair here");
  app.add_option("--telegram", settings.telegram.paths,
                 "exports whose explicit replies are hidden");
  app.add_option("--labels", settings.telegram.labels,
                 "with --telegram: unmarked messages by hand");
  app.add_option("--threads", settings.telegram.threads, "threads")->check(CLI::Range(1, 256));
  app.add_option("--looks", settings.telegram.looks, "with --telegram: look twice where it is 2")
      ->check(CLI::Range(1, 2));
  app.add_option("--model", settings.model, "a model file instead of the one that is built in");
  app.add_option("--first", settings.first,
                 "a first model; with --model and without it that one decides alone");
  app.add_option("--rows", settings.rows, "write the trainer's rows here, and judge nothing");
  app.add_option("--folds", settings.telegram.folds,
                 "hide one reply in so many at a time, too: the others are facts; rows: only so")
      ->check(CLI::Range(1, 100));
  app.add_option("--prior", settings.telegram.prior,
                 "with --labels: write what tools/links/prior.py fits");
  app.add_option("--print", settings.telegram.print, "ID/COUNT: print messages, for labelling");
  app.add_flag("--words", settings.words, "print the stems that 20 people or more used");
  CLI11_PARSE(app, argc, argv);
  const auto status = idiolect::Run(settings);
  if (!status) {
    std::fprintf(stderr, "%s (%s)\n", status.error().message.c_str(), status.error().hint.c_str());
    return 1;
  }
  return 0;
}
