// What must hold for any chats: checked on random ones, from the files alone, where every message's
// text is a word that occurs nowhere else.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <deque>
#include <map>
#include <set>
#include <sstream>

#include "base/random.h"
#include "dataset/reject_rules.h"
#include "dataset/workspace_fixture.h"
#include "store/database.h"

namespace idiolect {
namespace {

constexpr PersonId kPersona = 1;
constexpr int kPeople = 6;
const std::vector<std::string> kNames = {"Персона", "Павел", "Анна", "Лена", "Олег", "Вера"};

// Chats of every kind with bursts, silences, marks near and far, media, forwards, service messages.
// Each text is "w<chat>x<number>", with a question mark now and then.
std::deque<ChatScript> RandomChats(uint64_t seed, int messages) {
  Random random(seed);
  std::deque<ChatScript> chats;
  const ChatKind kinds[] = {ChatKind::kGroup, ChatKind::kPrivate, ChatKind::kGroup,
                            ChatKind::kChannel, ChatKind::kBot};
  for (int c = 0; c < 5; ++c) {
    ChatScript& chat = chats.emplace_back(kinds[c], c + 1);
    const int people = kinds[c] == ChatKind::kGroup ? kPeople : 2;
    int64_t at = static_cast<int64_t>(random.Below(100'000));
    for (int i = 1; i <= messages; ++i) {
      at += static_cast<int64_t>(random.Below(40) == 0 ? random.Below(40'000) : random.Below(120));
      auto& message = chat.Say(
          1 + static_cast<PersonId>(random.Below(static_cast<uint64_t>(people))), at,
          "w" + std::to_string(c) + "x" + std::to_string(i) + (random.Below(4) == 0 ? " ?" : ""));
      if (i > 1 && random.Below(3) == 0) {
        const auto far = static_cast<int64_t>(random.Below(
            static_cast<uint64_t>(random.Below(10) == 0 ? i - 1 : std::min(i - 1, 9))));
        message.reply_to = chat.IdOf(i - 1 - far);
      }
      switch (random.Below(30)) {
        case 0:
          message.flags = kForwarded;
          break;
        case 1:
          message.text = {};
          message.media = MediaKind::kVoice;
          break;
        case 2:
          message.kind = MessageKind::kService;
          break;
        case 3:
          message.flags = kOnlyLinks;
          break;
        default:
          break;
      }
    }
  }
  return chats;
}

std::set<std::string> WordsOf(const std::string& text) {
  std::set<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    if (word.size() > 2 && word[0] == 'w' && word.find('x') != std::string::npos) {
      words.insert(word);
    }
  }
  return words;
}

struct Line {
  std::set<std::string> prompt, answer;
};

// Checks the form of every line and returns the words in it.
std::map<Split, std::vector<Line>> ReadChecked(const std::filesystem::path& folder) {
  std::map<Split, std::vector<Line>> lines;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    for (const std::string& text : LinesOf(folder / (std::string(SplitName(split)) + ".jsonl"))) {
      const auto json = nlohmann::json::parse(text);
      const auto& messages = json["messages"];
      EXPECT_EQ(messages[0]["role"], "system");
      EXPECT_EQ(messages.size() % 2, 1u) << text;
      EXPECT_GE(messages.size(), 3u) << text;
      Line line;
      for (size_t i = 1; i < messages.size(); ++i) {
        EXPECT_EQ(messages[i]["role"], i % 2 == 1 ? "user" : "assistant") << text;
        const bool last = i + 1 == messages.size();
        EXPECT_EQ(messages[i].contains("weight"), i % 2 == 0 && !last) << text;
        const auto words = WordsOf(messages[i]["content"]);
        (last ? line.answer : line.prompt).insert(words.begin(), words.end());
      }
      EXPECT_FALSE(line.answer.empty()) << text;
      for (size_t person = 1; person < kNames.size(); ++person) {
        EXPECT_EQ(text.find(kNames[person]), std::string::npos) << text;
      }
      lines[split].push_back(std::move(line));
    }
  }
  return lines;
}

class RandomChatsTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomChatsTest, HoldsWhatADatasetPromises) {
  const auto chats = RandomChats(GetParam(), 400);
  TestWorkspace workspace;
  std::vector<const ChatScript*> scripts;
  for (const ChatScript& chat : chats) scripts.push_back(&chat);
  workspace.Fill(kNames, scripts);
  BuildOptions options;
  options.valid_share = options.test_share = 0.2;
  options.min_link = 0.3;
  options.max_conversation_messages = 60;
  const auto summary = workspace.Build(kPersona, options);
  ASSERT_TRUE(summary) << summary.error().message;
  const auto lines = ReadChecked(summary->dir);
  ASSERT_GT(summary->train, 20);
  ASSERT_GT(summary->valid, 5);
  ASSERT_GT(summary->test, 5);

  // No message is learned twice, and no answer stands in its own prompt.
  std::map<Split, std::set<std::string>> answers;
  std::set<std::string> learned;
  for (const auto& [split, of_split] : lines) {
    for (const Line& line : of_split) {
      for (const std::string& word : line.answer) {
        EXPECT_TRUE(learned.insert(word).second) << word;
        EXPECT_FALSE(line.prompt.contains(word)) << word;
        answers[split].insert(word);
      }
    }
  }
  // Nothing that is asked later stands anywhere in what came before.
  for (const auto& [split, of_split] : lines) {
    for (const auto& [later, asked] : answers) {
      if (later <= split) continue;
      for (const Line& line : of_split) {
        for (const std::string& word : asked) {
          EXPECT_FALSE(line.prompt.contains(word) || line.answer.contains(word)) << word;
        }
      }
    }
  }

  // Everything the persona wrote is in an answer or has one rule, and the tables say the same as
  // the files.
  std::map<MessageId, std::string> own;  // id → word, empty when it has none
  for (const ChatScript& chat : chats) {
    for (const MessageView& message : chat.messages()) {
      if (message.author != kPersona) continue;
      const auto words = WordsOf(std::string(message.text));
      own[message.id] = words.empty() ? "" : *words.begin();
    }
  }
  const auto dataset = NewestDatasetOf(workspace.database(), kPersona);
  ASSERT_TRUE(dataset && *dataset);
  const auto rejects = ListRejects(workspace.database(), (*dataset)->id);
  const auto samples = ListSamples(workspace.database(), (*dataset)->id);
  ASSERT_TRUE(rejects && samples);
  std::set<MessageId> rejected;
  for (const RejectRow& row : *rejects) {
    EXPECT_TRUE(rejected.insert(row.message).second);
    EXPECT_TRUE(own.contains(row.message));
    EXPECT_TRUE(row.rule > 0 && row.rule < kRejectRules);
    EXPECT_FALSE(learned.contains(own[row.message]));
  }
  std::set<std::string> of_rows;
  for (const SampleRow& row : *samples) {
    for (auto it = own.lower_bound(row.answer); it != own.upper_bound(row.answer_last); ++it) {
      if (!rejected.contains(it->first)) of_rows.insert(it->second);
    }
    EXPECT_LT(row.answers_to, row.answer);
  }
  EXPECT_EQ(of_rows, learned);
  EXPECT_EQ(own.size(), learned.size() + rejected.size());
  EXPECT_EQ(summary->messages, static_cast<int64_t>(own.size()));
  EXPECT_EQ(summary->answers, static_cast<int64_t>(learned.size()));
  int64_t counted = 0;
  for (const auto& [name, count] : summary->rejected) counted += count;
  EXPECT_EQ(counted, static_cast<int64_t>(rejected.size()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChatsTest, testing::Values(1, 2, 3, 4, 5, 6));

std::string AllBytes(const std::filesystem::path& folder) {
  std::string all;
  for (const char* name : {"train.jsonl", "valid.jsonl", "test.jsonl"}) {
    const auto bytes = ReadFile(folder / name);
    EXPECT_TRUE(bytes);
    all += bytes ? *bytes + "\n" : "";
  }
  return all;
}

void FillRandom(TestWorkspace& workspace) {
  const auto chats = RandomChats(77, 300);
  std::vector<const ChatScript*> scripts;
  for (const ChatScript& chat : chats) scripts.push_back(&chat);
  workspace.Fill(kNames, scripts);
}

TEST(BuildDataset, GivesTheSameBytesReadingOnceOrTwice) {
  TestWorkspace workspace;
  FillRandom(workspace);
  const auto once = workspace.Build(kPersona);
  BuildOptions options;
  options.cache_bytes = 1000;
  const auto twice = workspace.Build(kPersona, options);
  ASSERT_TRUE(once && twice);
  EXPECT_EQ(AllBytes(once->dir), AllBytes(twice->dir));
  EXPECT_GT(once->bytes, 1000);
}

// Counts updates and, at one of them, ends the process as a power cut would.
class KillingProgress : public NoProgress {
 public:
  explicit KillingProgress(int kill_at = 0) : kill_at_(kill_at) {}
  void Update(uint64_t, std::string_view) override {
    if (++updates_ == kill_at_) ::kill(::getpid(), SIGKILL);
  }
  int updates() const { return updates_; }

 private:
  const int kill_at_;
  int updates_ = 0;
};

TEST(BuildDataset, KilledAtAnyPlaceItLeavesNoHalfDatasetAndTheNextRunIsTheSame) {
  BuildOptions options;
  options.cache_bytes = 0;  // two passes, so that there are updates while lines are written
  const Interrupt interrupt;
  TestWorkspace untouched;
  FillRandom(untouched);
  KillingProgress counting;
  const auto expected =
      BuildDataset(*untouched, kPersona, options, FixedClock(), counting, interrupt);
  ASSERT_TRUE(expected);
  const int last = counting.updates();
  ASSERT_GT(last, 20);

  TestWorkspace workspace;
  FillRandom(workspace);
  for (const int kill_at : {1, last / 4, last / 2 + 1, last * 3 / 4, last}) {
    workspace.Close();
    const pid_t child = ::fork();
    if (child == 0) {
      workspace.Reopen();
      KillingProgress progress(kill_at);
      (void)BuildDataset(*workspace, kPersona, options, FixedClock(), progress, interrupt);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << kill_at;
    workspace.Reopen();
    EXPECT_EQ(ListDatasets(workspace.database())->size(), 0u);
    if (std::filesystem::exists(workspace.datasets())) {
      for (const auto& entry : std::filesystem::directory_iterator(workspace.datasets())) {
        EXPECT_TRUE(entry.path().filename().string().starts_with(".unfinished-"));
      }
    }
  }
  const auto summary = workspace.Build(kPersona);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(AllBytes(summary->dir), AllBytes(expected->dir));
  size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(workspace.datasets())) {
    (void)entry;
    ++entries;
  }
  EXPECT_EQ(entries, 1u);  // what the killed ones left is gone
}

}  // namespace
}  // namespace idiolect
