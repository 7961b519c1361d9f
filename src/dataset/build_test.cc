#include "dataset/build.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/hash.h"
#include "dataset/reject_rules.h"
#include "dataset/workspace_fixture.h"
#include "store/database.h"

namespace idiolect {
namespace {

constexpr PersonId kNatasha = 1, kPavel = 2, kAnna = 3, kIvan = 4;
constexpr int64_t kDay = 86400;
const std::vector<std::string> kNames = {"Наташа", "Павел Сергеев", "Анна Волкова", "Иван"};

using Lines = std::vector<std::string>;

// The test chats are Russian; English labels show which words are the dataset's own.
BuildOptions EnglishLabels() {
  BuildOptions options;
  options.labels = Language::kEnglish;
  return options;
}

Lines BuiltLines(const ChatScript& chat, BuildOptions options = EnglishLabels()) {
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha, options);
  EXPECT_TRUE(summary) << summary.error().message;
  return summary ? ToldLines(summary->dir) : Lines();
}

std::map<std::string, int64_t> Rejected(const ChatScript& chat, const BuildOptions& options = {}) {
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha, options);
  EXPECT_TRUE(summary) << summary.error().message;
  return summary ? summary->rejected : std::map<std::string, int64_t>();
}

using Counts = std::map<std::string, int64_t>;

TEST(BuildDataset, WritesThePromisedFormat) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "привет \"дорогая\"");
  chat.Say(kNatasha, 10, "привет");
  chat.Say(kNatasha, 20, "как ты?");
  chat.Say(kPavel, 30, "хорошо\tочень");
  chat.Say(kNatasha, 40, "рада");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary) << summary.error().message;
  const std::string system =
      R"({"messages":[{"role":"system","content":"Ты — Наташа. Пиши так, как обычно пишешь в переписке."},)";
  EXPECT_EQ(LinesOf(std::filesystem::path(summary->dir) / "train.jsonl"),
            (Lines{system + R"({"role":"user","content":"привет \"дорогая\""},)" +
                       R"({"role":"assistant","content":"привет\nкак ты?"}]})",
                   system + R"({"role":"user","content":"привет \"дорогая\""},)" +
                       R"({"role":"assistant","content":"привет\nкак ты?","weight":0},)" +
                       R"({"role":"user","content":"хорошо\tочень"},)" +
                       R"({"role":"assistant","content":"рада"}]})"}));
  EXPECT_EQ(std::filesystem::path(summary->dir).filename(), "natasha-user1-20231114-221320");
  EXPECT_EQ(summary->dialogs, 1);
  EXPECT_EQ(summary->pairs, 2);
  EXPECT_EQ(summary->train, 2);
  EXPECT_EQ(summary->messages, 3);
  EXPECT_EQ(summary->answers, 3);
}

TEST(BuildDataset, TheManifestNamesCountsOptionsAndHashes) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "привет");
  chat.Say(kNatasha, 10, "здравствуй, я тут");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary);
  const std::filesystem::path folder = summary->dir;
  const auto bytes = ReadFile(folder / "manifest.json");
  ASSERT_TRUE(bytes);
  const auto manifest = nlohmann::json::parse(*bytes);
  EXPECT_EQ(manifest["persona"]["id"], "telegram:user1");
  EXPECT_EQ(manifest["counts"]["pairs"], 1);
  EXPECT_EQ(manifest["options"]["private-gap"], "240");
  ASSERT_EQ(manifest["files"].size(), 7u);
  for (const auto& file : manifest["files"]) {
    const auto hash = Sha256OfFile(folder / file["name"].get<std::string>());
    ASSERT_TRUE(hash);
    EXPECT_EQ(file["sha256"], *hash);
  }
  EXPECT_EQ(manifest["files"][0]["lines"], 1);
}

TEST(BuildDataset, SpeakersOfAGroupHaveStablePseudonyms) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kAnna, 0, "кто идёт?");
  chat.Say(kPavel, 10, "я нет");
  chat.Reply(kNatasha, 20, "я иду", 1);
  chat.Say(kPavel, 2 * kDay, "а сегодня?");
  chat.Reply(kNatasha, 2 * kDay + 5, "тоже", 4);
  chat.Say(kAnna, 2 * kDay + 10, "ура");
  chat.Reply(kNatasha, 2 * kDay + 15, "да", 6);
  BuildOptions options;
  options.test_share = options.valid_share = 0;
  EXPECT_EQ(BuiltLines(chat, options),
            (Lines{"user: Участник 1: кто идёт? | assistant: я иду",
                   "user: Участник 2: а сегодня? | assistant: тоже",
                   "user: Участник 2: а сегодня? | assistant(0): тоже | user: Участник 1: ура | "
                   "assistant: да"}));
  options.labels = Language::kEnglish;  // else the language of the chats, as above
  EXPECT_EQ(BuiltLines(chat, options).front(), "user: Person 1: кто идёт? | assistant: я иду");
}

TEST(BuildDataset, APromptEndsWithWhatIsAnswered) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kPavel, 0, "погода дрянь");
  chat.Say(kAnna, 10, "кто идёт?");
  chat.Say(kPavel, 20, "смотрю кино");
  chat.Reply(kNatasha, 30, "я иду", 2);
  EXPECT_EQ(BuiltLines(chat),
            (Lines{"user: Person 1: погода дрянь\nPerson 2: кто идёт? | assistant: я иду"}));
}

// What room is left goes to the talk of what is answered before what others say past it. The second
// talk goes on from days before, so nothing needs to be guessed.
TEST(BuildDataset, APromptPrefersItsTalk) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kIvan, 0, "надо взять билеты");
  chat.Say(kPavel, 9 * kDay, "кто пробовал рецепт шарлотки?");
  chat.Reply(kIvan, 9 * kDay + 10, "во сколько завтра поезд?", 1);
  chat.Reply(kAnna, 9 * kDay + 20, "я пробовала", 2);
  chat.Reply(kPavel, 9 * kDay + 30, "в девять", 3);
  chat.Reply(kIvan, 9 * kDay + 40, "у меня не вышла", 2);
  chat.Reply(kNatasha, 9 * kDay + 50, "печь надо горячую", 6);
  BuildOptions options;
  options.max_context_turns = 3;
  EXPECT_EQ(BuiltLines(chat, options),
            (Lines{"user: Участник 2: кто пробовал рецепт шарлотки?\nУчастник 3: я пробовала\n"
                   "Участник 1: у меня не вышла | assistant: печь надо горячую"}));
}

TEST(BuildDataset, AReplyToAFarMessageBringsItAlong) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kPavel, 0, "кто был в Праге?");
  chat.Say(kAnna, 9 * kDay, "другое");
  chat.Reply(kNatasha, 9 * kDay + 10, "я была", 1);
  EXPECT_EQ(BuiltLines(chat), (Lines{"user: Person 1: кто был в Праге? | assistant: я была"}));
}

TEST(BuildDataset, ShowsOthersMediaAsAWord) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "").media = MediaKind::kPhoto;
  chat.Say(kPavel, 5, "это мы").media = MediaKind::kPhoto;
  auto& sticker = chat.Say(kPavel, 6, "");
  sticker.media = MediaKind::kSticker;
  sticker.extra = "🙂";
  chat.Say(kNatasha, 10, "красота");
  EXPECT_EQ(BuiltLines(chat),
            (Lines{"user: [photo]\nэто мы\n🙂 | assistant: красота"}));
}

TEST(BuildDataset, KeepsThePromptWithinItsBudget) {
  ChatScript chat(ChatKind::kPrivate);
  // Estimated: 16 tokens, 3, and 22.
  chat.Say(kPavel, 0, std::string(300, 'a'));
  chat.Say(kNatasha, 10, "one");
  chat.Say(kPavel, 20, std::string(40, 'b'));
  chat.Say(kNatasha, 30, "two");
  chat.Say(kPavel, 40, std::string(400, 'c') + "?");
  chat.Say(kNatasha, 50, "three");
  BuildOptions options;
  options.max_context_tokens = 8;
  const Lines lines = BuiltLines(chat, options);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0],
            "user: " + std::string(100, 'a') + " … " + std::string(50, 'a') + " | assistant: one");
  EXPECT_EQ(lines[1], "user: " + std::string(40, 'b') + " | assistant: two");
  EXPECT_EQ(lines[2], "user: " + std::string(96, 'c') + " … " + std::string(47, 'c') +
                          "? | assistant: three");
  options = {};
  options.max_context_turns = 3;
  EXPECT_EQ(BuiltLines(chat, options)[1],
            "user: " + std::string(300, 'a') +
                " | assistant(0): one | user: " + std::string(40, 'b') + " | assistant: two");
}

TEST(BuildDataset, TheSystemPromptCanBeLeftOutOrGiven) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "hello");
  chat.Say(kNatasha, 10, "hi there, come in");
  BuildOptions options;
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  EXPECT_EQ(workspace.Build(kNatasha)->system_prompt,
            "You are Наташа. Write the way you usually write in chats.");
  options.system_prompt = SystemPrompt::kNone;
  const auto without = workspace.Build(kNatasha, options);
  ASSERT_TRUE(without);
  EXPECT_EQ(LinesOf(std::filesystem::path(without->dir) / "train.jsonl")[0],
            R"({"messages":[{"role":"user","content":"hello"},)"
            R"({"role":"assistant","content":"hi there, come in"}]})");
  options.system_text = "Be short.";
  EXPECT_EQ(workspace.Build(kNatasha, options)->system_prompt, "Be short.");
}

TEST(BuildDataset, CountsEachRejectedMessageUnderItsRule) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kNatasha, 0, "первая");  // answers_nobody
  chat.Say(kPavel, 10, "ну привет");
  chat.Say(kNatasha, 20, "чужое").flags = kForwarded;                // forwarded
  chat.Say(kNatasha, 21, "ответ");                                   // the answer
  chat.Say(kNatasha, 22, "от бота").flags = kViaBot;                 // via_bot
  chat.Say(kNatasha, 23, "/start").flags = kBotCommand;              // bot_command
  chat.Say(kNatasha, 24, "https://example.org").flags = kOnlyLinks;  // only_links
  chat.Say(kNatasha, 25, "").media = MediaKind::kVoice;              // no_words
  chat.Say(kNatasha, 26, " \n ");                                    // empty
  chat.Say(kNatasha, 27, "").kind = MessageKind::kService;           // service
  chat.Say(kNatasha, 28, "").kind = MessageKind::kUnsupported;       // unsupported
  chat.Say(kPavel, 40, "").media = MediaKind::kPhoto;
  chat.Say(kNatasha, 50, "что это");                                             // answers_no_words
  chat.Say(kNatasha, 1000, "и ещё");                                             // uncertain_link
  chat.Say(kNatasha, 1001, "куда").flags = kReplyElsewhere;                      // …the same turn
  chat.Reply(kNatasha, 1002, "на пропавшее", 999'999).reply_to = chat.IdOf(-5);  // answers_missing
  EXPECT_EQ(Rejected(chat), (Counts{{"answers_nobody", 1},
                                    {"forwarded", 1},
                                    {"via_bot", 1},
                                    {"bot_command", 1},
                                    {"only_links", 1},
                                    {"no_words", 1},
                                    {"empty", 1},
                                    {"service", 1},
                                    {"unsupported", 1},
                                    {"answers_no_words", 1},
                                    {"uncertain_link", 2},
                                    {"answers_missing", 1}}));
}

TEST(BuildDataset, LengthAndEmojiRulesFollowTheOptions) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "ну?");
  chat.Say(kNatasha, 1, "❤️🙂");
  chat.Say(kPavel, 2, "что?");
  chat.Say(kNatasha, 3, std::string(50, 'x'));
  chat.Say(kPavel, 4, "ясно");
  chat.Say(kNatasha, 5, "ну и хорошо");
  BuildOptions options;
  EXPECT_EQ(Rejected(chat, options), Counts{});
  options.drop_emoji_answers = 1;
  options.max_answer_characters = 40;
  EXPECT_EQ(Rejected(chat, options), (Counts{{"only_emoji", 1}, {"too_long", 1}}));
  options = {};
  options.min_answer_characters = 5;
  EXPECT_EQ(Rejected(chat, options), (Counts{{"too_short", 1}}));
}

TEST(BuildDataset, AnAnswerNeverStandsInItsOwnPrompt) {
  // Five words: a sixth, and it would be a near-duplicate of itself.
  const std::string announcement = "встречаемся в субботу у входа";
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "когда?");
  chat.Say(kNatasha, 10, announcement);
  chat.Say(kPavel, 20, "не понял, когда?");
  chat.Say(kNatasha, 30, announcement);  // the context stops before the first one
  chat.Say(kPavel, 40, "ты пишешь: " + announcement);
  chat.Say(kNatasha, 50, announcement);  // repeats what it answers
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary);
  EXPECT_EQ(ToldLines(summary->dir),
            (Lines{"user: когда? | assistant: " + announcement,
                   "user: не понял, когда? | assistant: " + announcement}));
  EXPECT_EQ(summary->rejected, (Counts{{"repeats_prompt", 1}}));
}

// Seven more answers, so that a judgement of the whole has something to look at.
void SmallTalk(ChatScript& chat, int64_t from) {
  const char* kWords[] = {"поезд", "озеро", "пирог", "книга", "дождь", "сосна", "лодка"};
  for (int i = 0; i < 7; ++i) {
    chat.Say(kPavel, from + i * 100, std::string("а что ") + kWords[i] + "?");
    chat.Say(kNatasha, from + i * 100 + 10, std::string(kWords[i]) + " на месте, не бойся.");
  }
}

TEST(BuildDataset, ReplacesPersonalDataAndLeavesOutSecrets) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "мой номер +7 921 555-01-34, запиши. Анна Волкова просила");
  chat.Say(kNatasha, 10, "записала 89215550134, а у Анны Волковой какой?");
  chat.Say(kPavel, 20, "такой же почти: 8 921 555-01-35");
  chat.Say(kNatasha, 30, "пароль: Zima2021!");
  chat.Say(kNatasha, 32, "это от вайфая");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(
      ToldLines(summary->dir),
      (Lines{"user: мой номер [телефон], запиши. [имя] просила | assistant: записала [телефон], "
             "а у [имя 2] какой?",
             "user: мой номер [телефон], запиши. [имя] просила | assistant(0): записала "
             "[телефон], а у [имя 2] какой? | user: такой же почти: [телефон 2] | assistant: "
             "это от вайфая"}));
  EXPECT_EQ(summary->rejected, (Counts{{"secret", 1}}));
  EXPECT_EQ(summary->pii, (Counts{{"name", 2}, {"phone", 3}}));
  for (const char* file : {"dialogs.json", "dialogs.csv", "pairs.jsonl", "rejected.csv"}) {
    const auto bytes = ReadFile(std::filesystem::path(summary->dir) / file);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->find("555-01"), std::string::npos) << file;
    EXPECT_EQ(bytes->find("Zima"), std::string::npos) << file;
    EXPECT_EQ(bytes->find("Волков"), std::string::npos) << file;
  }
  BuildOptions keep;
  keep.pii = *PiiPolicy::Parse("keep");
  EXPECT_NE(ToldLines(workspace.Build(kNatasha, keep)->dir)[1].find("пароль: Zima2021!\nэто от"),
            std::string::npos);
  BuildOptions drop;
  drop.pii = *PiiPolicy::Parse("replace,phone=drop");
  EXPECT_EQ(workspace.Build(kNatasha, drop)->rejected,
            (Counts{{"personal_data", 1}, {"secret", 1}}));
}

TEST(BuildDataset, KeepsTheBestOfNearDuplicatesAcrossChats) {
  ChatScript first(ChatKind::kPrivate, 1), second(ChatKind::kPrivate, 2);
  first.Say(kPavel, 0, "как испечь пирог?");
  first.Say(kNatasha, 10,
            "возьми муку, три яйца, стакан сахара, взбей всё и ставь в духовку на час.");
  SmallTalk(second, 0);
  second.Say(kAnna, 5000, "расскажи про пирог");
  second.Say(kNatasha, 5010,
             "Возьми муку, три яйца, стакан сахара, взбей всё и ставь в духовку на час,");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&first, &second});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rejected, (Counts{{"near_duplicate", 1}}));
  const auto rejects = ReadFile(std::filesystem::path(summary->dir) / "rejected.csv");
  ASSERT_TRUE(rejects);
  // The one that breaks off is the worse.
  EXPECT_NE(rejects->find("на час,\""), std::string::npos) << *rejects;
}

TEST(BuildDataset, AnAnnouncementIsNoAnswer) {
  const std::string text =
      "Друзья, в субботу открываем набор на новый курс керамики, мест всего десять, запись по "
      "ссылке в профиле, приходите с друзьями и хорошим настроением!";
  std::deque<ChatScript> chats;
  std::vector<const ChatScript*> all;
  for (int i = 1; i <= 3; ++i) {
    ChatScript& chat = chats.emplace_back(ChatKind::kPrivate, i);
    chat.Say(kPavel, 0, "что нового?");
    chat.Say(kNatasha, 10, text);
    if (i == 1) SmallTalk(chat, 1000);
    all.push_back(&chat);
  }
  TestWorkspace workspace;
  workspace.Fill(kNames, all);
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rejected, (Counts{{"copy_paste", 3}}));
}

TEST(BuildDataset, LeavesOutAForeignLanguageOfTheSameLetters) {
  ChatScript chat(ChatKind::kPrivate);
  for (int i = 0; i < 12; ++i) {
    chat.Say(kPavel, 1000 * i, "ну что там у тебя, рассказывай " + std::to_string(i));
    chat.Say(kNatasha, 1000 * i + 10,
             "сегодня опять весь день дождь, сижу дома и читаю книжку номер " + std::to_string(i));
  }
  chat.Say(kPavel, 20000, "как это будет по-украински?");
  chat.Say(kNatasha, 20010, "сьогодні прийду раніше, візьми печиво та чай, посидимо на кухні");
  BuildOptions options;
  options.same_answer = 1;
  EXPECT_EQ(Rejected(chat, options), (Counts{{"wrong_language", 1}}));
}

TEST(BuildDataset, AChannelsPostsCanBePromptsOrNothing) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kPavel, 0, "Новый пост про поход в горы").flags = kForwarded | kChannelPost;
  chat.Reply(kNatasha, 10, "а я там не была", 1);
  SmallTalk(chat, 100000);
  BuildOptions options = EnglishLabels();
  const Lines lines = BuiltLines(chat, options);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "user: Person 1: Новый пост про поход в горы | assistant: а я там не была");
  options.posts = Posts::kDrop;
  EXPECT_EQ(Rejected(chat, options)["answers_post"], 1);
}

TEST(BuildDataset, LeavesOutGreetingsAndForeignLetters) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "привет!");
  chat.Say(kNatasha, 10, "Привет)");
  SmallTalk(chat, 100);
  SmallTalk(chat, 2000);
  chat.Say(kPavel, 5000, "что там было написано?");
  chat.Say(kNatasha, 5010, "please restart the server");
  EXPECT_EQ(Rejected(chat), (Counts{{"greeting", 1}, {"wrong_language", 1}}));
  BuildOptions options;
  options.drop_greetings = options.drop_foreign = 0;
  EXPECT_EQ(Rejected(chat, options), Counts());
}

TEST(BuildDataset, QualityIsAcceptedOfCandidatesAndTheSameEveryTime) {
  ChatScript chat(ChatKind::kPrivate);
  SmallTalk(chat, 0);
  chat.Say(kPavel, 5000, "и всё?");
  chat.Say(kNatasha, 5010, "ы,");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  BuildOptions options;
  options.min_quality = 0.8;
  const auto summary = workspace.Build(kNatasha, options);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rejected, (Counts{{"low_quality", 1}}));
  EXPECT_EQ(summary->candidates, 8);
  EXPECT_DOUBLE_EQ(summary->quality, 7.0 / 8);
  const auto again = workspace.Build(kNatasha, options);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->mean_quality, summary->mean_quality);
  EXPECT_EQ(*ReadFile(std::filesystem::path(again->dir) / "pairs.jsonl"),
            *ReadFile(std::filesystem::path(summary->dir) / "pairs.jsonl"));
}

TEST(BuildDataset, LooksTwiceWhereThatIsAskedFor) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kPavel, 0, "кто куда завтра?");
  chat.Say(kNatasha, 20, "я домой");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto probability = [&](int64_t looks) {
    BuildOptions options;
    options.min_link = 0.01;
    options.looks = looks;
    const auto summary = workspace.Build(kNatasha, options);
    EXPECT_TRUE(summary) << summary.error().message;
    if (!summary) return -1.0;
    const auto dialogs = nlohmann::json::parse(
        *ReadFile(std::filesystem::path(summary->dir) / "dialogs.json"), nullptr, false);
    return dialogs["dialogs"][0]["turns"][1]["answers"].value("probability", -1.0);
  };
  const double once = probability(1), twice = probability(2);
  EXPECT_GT(once, 0);
  EXPECT_GT(twice, 0);
  EXPECT_NE(once, twice);
}

TEST(BuildDataset, TheTablesHoldEveryDialogAndReject) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kNatasha, 0, "первая; \"=1\"");  // answers_nobody
  chat.Say(kPavel, 10, "=SUM(A1)");
  chat.Reply(kNatasha, 20, "вот и ответ", 2);
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary) << summary.error().message;
  const std::filesystem::path folder = summary->dir;
  const auto dialogs = nlohmann::json::parse(*ReadFile(folder / "dialogs.json"), nullptr, false);
  ASSERT_TRUE(dialogs.is_object());
  ASSERT_EQ(dialogs["dialogs"].size(), 1u);
  const auto& turns = dialogs["dialogs"][0]["turns"];
  ASSERT_EQ(turns.size(), 3u);
  EXPECT_EQ(turns[1]["who"], "Участник 1");
  EXPECT_EQ(turns[2]["answers"]["turn"], 1);
  EXPECT_EQ(turns[2]["sample"]["line"], 1);
  EXPECT_EQ(turns[2]["sample"]["signals"].size(), kQualitySignals);
  const std::string csv = *ReadFile(folder / "dialogs.csv");
  EXPECT_TRUE(csv.starts_with("\xEF\xBB\xBF\"диалог\";\"чат\""));
  EXPECT_NE(csv.find(";\"'=SUM(A1)\";"), std::string::npos) << csv;
  const std::string rejected = *ReadFile(folder / "rejected.csv");
  EXPECT_NE(rejected.find("\"answers_nobody\""), std::string::npos);
  EXPECT_NE(rejected.find("\"первая; \"\"=1\"\"\""), std::string::npos) << rejected;
  const std::string card = *ReadFile(folder / "README.md");
  EXPECT_TRUE(card.starts_with("---\nlanguage:\n- ru\n"));
}

TEST(BuildDataset, NotesPostsAndTalkToBotsAreNoAnswers) {
  ChatScript saved(ChatKind::kSaved, 1), channel(ChatKind::kChannel, 2), bot(ChatKind::kBot, 3),
      chat(ChatKind::kPrivate, 4);
  for (ChatScript* script : {&saved, &channel, &bot, &chat}) {
    script->Say(kPavel, 0, "слово");
    script->Say(kNatasha, 10, "ответное слово");
  }
  TestWorkspace workspace;
  workspace.Fill(kNames, {&saved, &channel, &bot, &chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->pairs, 1);
  EXPECT_EQ(summary->rejected, (Counts{{"saved_notes", 1}, {"channel_post", 1}, {"bot_chat", 1}}));
}

TEST(BuildDataset, NoSamplesNamesTheRuleAndWhatToChange) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kNatasha, 0, "одна");
  chat.Say(kNatasha, kDay, "и снова одна");
  chat.Say(kNatasha, 2 * kDay, "").media = MediaKind::kPhoto;
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  const auto summary = workspace.Build(kNatasha);
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kFailed);
  EXPECT_EQ(summary.error().message,
            "building a dataset for Наташа: 0 samples from 3 messages; taken by answers_nobody "
            "(answer nobody (first words, follow-ups, nobody else spoke)) 2, no_words (media "
            "without words) 1");
  EXPECT_EQ(summary.error().hint, InfoOf(RejectRule::kAnswersNobody).remedy.en);
  EXPECT_FALSE(std::filesystem::exists(workspace.datasets()));
}

TEST(BuildDataset, SaysWhatIsWrongWithOptionsAndPeople) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "ну?");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  BuildOptions options;
  options.min_link = 2;
  options.looks = 3;
  options.max_context_turns = 0;
  const auto bad = workspace.Build(kNatasha, options);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, ErrorKind::kMisuse);
  EXPECT_EQ(bad.error().message,
            "building with these options: --min-link is 2, must be 0 to 1; --looks is 3, must be 1 "
            "to 2; --max-turns is 0, must be 1 to 1000");
  const auto nobody = workspace.Build(99);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::kNotFound);
  const auto silent = workspace.Build(kNatasha);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().message,
            "building a dataset for Наташа: 0 samples, no messages by them");
}

TEST(BuildDataset, ReplacesThePersonasOwnRowsOnly) {
  ChatScript chat(ChatKind::kPrivate);
  for (int i = 0; i < 12; ++i) {
    chat.Say(i % 2 == 0 ? kPavel : kNatasha, i * 10, "слово номер " + std::to_string(i));
  }
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  ASSERT_TRUE(workspace.Build(kPavel));
  ASSERT_TRUE(workspace.Build(kNatasha));
  const auto first = NewestDatasetOf(workspace.database(), kNatasha);
  ASSERT_TRUE(workspace.Build(kNatasha));
  const auto second = NewestDatasetOf(workspace.database(), kNatasha);
  ASSERT_TRUE(first && *first && second && *second);
  EXPECT_NE((*first)->folder, (*second)->folder);  // the same second: -2
  EXPECT_EQ((*first)->key, (*second)->key);
  EXPECT_EQ(ListDatasets(workspace.database())->size(), 2u);
  EXPECT_EQ(ListSamples(workspace.database(), (*second)->id)->size(), 6u);
  const auto pavel = NewestDatasetOf(workspace.database(), kPavel);
  ASSERT_TRUE(pavel && *pavel);
  EXPECT_EQ(ListSamples(workspace.database(), (*pavel)->id)->size(), 5u);
  EXPECT_EQ(ListRejects(workspace.database(), (*pavel)->id)->size(), 1u);
}

TEST(BuildDataset, InterruptedItLeavesNothing) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kPavel, 0, "ну?");
  chat.Say(kNatasha, 1, "да");
  TestWorkspace workspace;
  workspace.Fill(kNames, {&chat});
  NoProgress progress;
  Interrupt interrupt;
  interrupt.Request();
  const auto summary = BuildDataset(*workspace, kNatasha, {}, FixedClock(), progress, interrupt);
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kInterrupted);
  EXPECT_FALSE(std::filesystem::exists(workspace.datasets()));
  EXPECT_EQ(ListDatasets(workspace.database())->size(), 0u);
}

}  // namespace
}  // namespace idiolect
