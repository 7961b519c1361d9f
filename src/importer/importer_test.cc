#include "importer/importer.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "importer/find_exports.h"
#include "store/database.h"
#include "store/messages.h"
#include "store/workspace.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class FixedClock : public Clock {
 public:
  int64_t UnixSeconds() const override { return 1700000000; }
};

class ImporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "idiolect-importer-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.clock = &clock_;
    Reopen();
  }
  void TearDown() override {
    workspace_.reset();
    fs::remove_all(folder_);
  }
  void Reopen() {
    workspace_.reset();
    auto opened = Workspace::Open(folder_ / "workspace");
    ASSERT_TRUE(opened) << opened.error().message;
    workspace_ = *std::move(opened);
  }
  Result<ImportReport> Import(const std::vector<fs::path>& paths) {
    NoProgress progress;
    return ImportPaths(*workspace_, paths, options_, progress, interrupt_);
  }
  fs::path Write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::vector<Chat> Chats() {
    auto chats = ListChats(workspace_->database());
    EXPECT_TRUE(chats);
    return *std::move(chats);
  }
  // "id:text" of every message of every chat.
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (const Chat& chat : Chats()) {
      EXPECT_TRUE(ForEachMessage(workspace_->database(), chat.id,
                                 [&](const MessageView& message) -> Status {
                                   texts.push_back(std::to_string(SourceIdOfMessage(message.id)) +
                                                   ":" + std::string(message.text));
                                   return {};
                                 }));
    }
    return texts;
  }
  int64_t Count(const char* sql) {
    auto query = workspace_->database().Prepare(sql);
    EXPECT_TRUE(query);
    EXPECT_TRUE(*query->Step());
    return query->Integer(0);
  }
  std::string ErrorOf(const std::vector<fs::path>& paths) {
    const auto report = Import(paths);
    EXPECT_FALSE(report);
    return report ? "" : report.error().message;
  }
  std::string InFolder(const std::string& name) { return (folder_ / name).string(); }

  FixedClock clock_;
  Interrupt interrupt_;
  ImportOptions options_;
  fs::path folder_;
  std::unique_ptr<Workspace> workspace_;
};

std::string Message(int id, const std::string& text, const std::string& more = "") {
  return R"({"id":)" + std::to_string(id) +
         R"(,"type":"message","date":"2023-01-01T00:00:00","from":"Лена","from_id":"user1","text":)" +
         nlohmann::json(text).dump() + more + "}";
}
std::string Export(const std::vector<std::string>& messages) {
  std::string text = R"({"name":"Двор","type":"private_group","id":5,"messages":[)";
  for (size_t i = 0; i < messages.size(); ++i) text += (i > 0 ? ",\n" : "\n") + messages[i];
  return text + "\n]}";
}

void ExpectAccountedFor(const ImportCounts& counts) {
  int64_t skipped = 0;
  for (const int64_t count : counts.skipped) skipped += count;
  EXPECT_EQ(counts.messages,
            counts.new_messages + counts.edited_messages + counts.known_messages + skipped);
}

TEST_F(ImporterTest, ImportsOnceAndThenOnlyWhatIsNew) {
  const auto path = Write("result.json", Export({Message(1, "раз"), Message(2, "два")}));
  auto report = Import({path});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].new_messages, 2);
  const std::string before = *MessagesFingerprint(workspace_->database());

  report = Import({path});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].new_messages, 0);
  EXPECT_EQ(report->files[0].known_messages, 2);
  EXPECT_EQ(*MessagesFingerprint(workspace_->database()), before);

  // A newer export: one more message, one edited, and an earlier one that was not there.
  const auto newer =
      Write("newer/result.json",
            Export({Message(0, "ноль"), Message(1, "раз!", R"(,"edited_unixtime":"1690000000")"),
                    Message(2, "два"), Message(3, "три")}));
  report = Import({newer});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].new_messages, 2);
  EXPECT_EQ(report->files[0].edited_messages, 1);
  EXPECT_EQ(report->files[0].known_messages, 1);
  ExpectAccountedFor(report->Totals());
  const std::vector<std::string> all = {"0:ноль", "1:раз!", "2:два", "3:три"};
  EXPECT_EQ(Texts(), all);

  // The older one again: its older text does not come back.
  report = Import({path});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].new_messages + report->files[0].edited_messages, 0);
  EXPECT_EQ(Texts(), all);
  EXPECT_EQ(Count("SELECT count(*) FROM imports"), 4);
  EXPECT_EQ(Count("SELECT min(finished_at) FROM imports"), 1700000000);
}

TEST_F(ImporterTest, TheReportAsJson) {
  const auto path = Write("a \"b\"\n.json", Export({Message(1, "раз"), Message(1, "снова"), "7",
                                                    Message(2, "два") + ",{\"id\":3"}));
  const auto report = Import({path});
  ASSERT_TRUE(report) << report.error().message;
  const auto json = nlohmann::json::parse(report->ToJson());
  EXPECT_EQ(json["files"].size(), 1u);
  const auto& file = json["files"][0];
  EXPECT_EQ(file["path"], path.string());
  EXPECT_EQ(file["format"], "telegram-json");
  EXPECT_EQ(file["chats"], 1);
  EXPECT_EQ(file["messages"], 4);
  EXPECT_EQ(file["new_messages"], 2);
  EXPECT_EQ(file["skipped"], (nlohmann::json{{"duplicate", 1}, {"not_an_object", 1}}));
  ASSERT_EQ(file["problems"].size(), 1u);
  EXPECT_EQ(file["problems"][0]["kind"], "malformed");
  EXPECT_EQ(json["totals"]["messages"], 4);
  EXPECT_EQ(json["totals"]["files"], 1);
  ExpectAccountedFor(report->Totals());
  auto summary = workspace_->database().Prepare("SELECT summary FROM imports");
  ASSERT_TRUE(*summary->Step());
  EXPECT_EQ(nlohmann::json::parse(summary->Text(0)), file);
}

TEST_F(ImporterTest, RemembersTheOwner) {
  const auto path =
      Write("result.json", R"({"personal_information":{"user_id":42},"chats":{"list":[)" +
                               Export({Message(1, "раз")}) + "]}}");
  ASSERT_TRUE(Import({path}));
  EXPECT_EQ(*workspace_->Setting("owner"), "telegram:user42");
}

TEST_F(ImporterTest, ACutFileIsImportedAndTheWholeOneAddsTheRest) {
  const std::string whole = Export({Message(1, "раз"), Message(2, "два"), Message(3, "три")});
  const auto path = Write("result.json", whole.substr(0, whole.size() - 20));
  auto report = Import({path});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].new_messages, 2);
  ASSERT_EQ(report->files[0].problems.size(), 1u);
  EXPECT_EQ(report->files[0].problems[0].kind, ProblemKind::kTruncated);
  EXPECT_EQ(report->files[0].problems[0].line, 4);
  Write("result.json", whole);
  report = Import({path});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].new_messages, 1);
  EXPECT_TRUE(report->files[0].problems.empty());
}

TEST_F(ImporterTest, OtherThingsAreRefusedByName) {
  const std::string empty = Write("empty.json", "").string();
  EXPECT_EQ(ErrorOf({empty}), "importing " + empty + ": it is empty");
  const std::string zeros = Write("zeros.json", std::string(10000, '\0')).string();
  EXPECT_EQ(ErrorOf({zeros}), "importing " + zeros + ": it is not a chat export in JSON");
  const std::string html = Write("m.html", "<!DOCTYPE html><html>").string();
  EXPECT_EQ(ErrorOf({html}), "importing " + html + ": it is a web page, not a JSON export");
  const std::string other = Write("package.json", R"({"name":"x"})").string();
  EXPECT_EQ(ErrorOf({other}),
            "importing " + other + ": it is JSON, but not an export of Telegram Desktop");
  std::string utf16 = "\xFF\xFE";
  for (const char c : Export({})) utf16 += {c, '\0'};
  const std::string wide = Write("wide.json", utf16).string();
  EXPECT_EQ(ErrorOf({wide}), "importing " + wide + ": it is UTF-16 text");
  const std::string unmarked = Write("unmarked.json", utf16.substr(2)).string();
  EXPECT_EQ(ErrorOf({unmarked}), "importing " + unmarked + ": it is UTF-16 text");
  fs::create_directories(folder_ / "nothing");
  EXPECT_EQ(ErrorOf({folder_ / "nothing"}),
            "importing " + InFolder("nothing") + ": no chat export is in this folder");
  EXPECT_EQ(ErrorOf({"/dev/zero"}), "importing /dev/zero: it is not a chat export in JSON");
  EXPECT_EQ(Count("SELECT count(*) FROM imports"), 0);
}

TEST_F(ImporterTest, AllBadPathsAreNamedBeforeAnythingIsRead) {
  const auto good = Write("good.json", Export({Message(1, "раз")}));
  const auto empty = Write("empty.json", "");
  const auto report = Import({good, empty, folder_ / "absent.json"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(report.error().message, "importing " + empty.string() + ": it is empty\nreading " +
                                        InFolder("absent.json") + ": there is no such file");
  EXPECT_TRUE(Texts().empty());
  const auto absent = Import({folder_ / "absent.json"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::kNotFound);
}

TEST_F(ImporterTest, UnreadableFilesAreErrors) {
  const auto path = Write("result.json", Export({}));
  fs::permissions(path, fs::perms::none);
  fs::permissions(folder_, fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
  // Root may read everything, so as root the file is read as nobody.
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto error = ErrorOf({path});
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(error, "reading " + path.string() + ": Permission denied");
}

TEST_F(ImporterTest, FoldersAreSearched) {
  Write("in/ChatExport_1/result.json", Export({Message(1, "a")}));
  Write("in/ChatExport_1/files/sent.json", Export({Message(2, "somebody sent this file")}));
  Write("in/ChatExport_1/photos/1.jpg", "x");
  Write("in/more/exported.json", Export({Message(3, "b")}));
  Write("in/more/metadata.json", R"({"title":"x"})");
  Write("in/more/notes.txt", "x");
  Write("in/broken/result.json", "[]");
  fs::create_directory_symlink(folder_ / "in", folder_ / "in" / "loop");
  const auto report = Import({folder_ / "in", folder_ / "in/more"});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->files.size(), 2u) << "named twice is read once";
  EXPECT_EQ(report->files[0].path, folder_ / "in/ChatExport_1/result.json");
  EXPECT_EQ(report->files[1].path, folder_ / "in/more/exported.json");
  EXPECT_EQ(Texts(), (std::vector<std::string>{"1:a", "3:b"}));
  // A folder whose only export is none says what is wrong with it.
  EXPECT_EQ(ErrorOf({folder_ / "in/broken"}),
            "importing " + InFolder("in/broken/result.json") + ": it is not a chat export in JSON");
}

TEST_F(ImporterTest, ManyMessagesInManyChatsKeepTheirPlaces) {
  std::string text = R"({"chats":{"list":[)";
  for (int chat = 1; chat <= 40; ++chat) {
    text += (chat > 1 ? "," : "") + std::string(R"({"name":"c","type":"private_group","id":)") +
            std::to_string(chat) + R"(,"messages":[)";
    for (int id = 1; id <= chat * 10; ++id) {
      text += (id > 1 ? "," : "") + Message(id, std::to_string(chat) + "/" + std::to_string(id));
    }
    text += "]}";
  }
  text += "]}}";
  options_.window = 512;
  const auto report = Import({Write("result.json", text)});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].chats, 40);
  EXPECT_EQ(report->files[0].new_messages, 8200);
  for (const Chat& chat : Chats()) {
    int64_t id = 0;
    const std::string number = chat.source_id.substr(4);
    EXPECT_TRUE(
        ForEachMessage(workspace_->database(), chat.id, [&](const MessageView& message) -> Status {
          ++id;
          EXPECT_EQ(message.text, number + "/" + std::to_string(id));
          return {};
        }));
    EXPECT_EQ(id, std::stoi(number) * 10);
  }
}

TEST_F(ImporterTest, AnInterruptLeavesNothingOfTheFile) {
  const auto path = Write("result.json", Export({Message(1, "раз")}));
  interrupt_.Request();
  const auto report = Import({path});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kInterrupted);
  EXPECT_TRUE(Texts().empty());
  EXPECT_EQ(Count("SELECT count(*) FROM imports"), 0);
}

// Kills itself after the first batches of the second file.
class Killer : public NoProgress {
 public:
  void Start(std::string_view what, uint64_t, std::string_view) override {
    second_ = what == "second.json";
  }
  void Update(uint64_t done, std::string_view) override {
    if (second_ && done > 500'000) ::kill(::getpid(), SIGKILL);
  }

 private:
  bool second_ = false;
};

TEST_F(ImporterTest, KilledInTheMiddleTheSameCommandGivesTheSame) {
  std::vector<std::string> messages;
  for (int id = 10; id < 20010; ++id)
    messages.push_back(Message(id, "слово " + std::to_string(id)));
  const std::vector<fs::path> paths = {
      Write("first.json", Export({Message(1, "раз"), Message(2, "два")})),
      Write("second.json", Export(messages))};
  workspace_.reset();  // the database must not be open across fork
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto workspace = Workspace::Open(folder_ / "workspace");
    Killer killer;
    (void)ImportPaths(**workspace, paths, options_, killer, interrupt_);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it was to be killed before its end";

  Reopen();
  EXPECT_EQ(Texts(), (std::vector<std::string>{"1:раз", "2:два"})) << "the first file, whole";
  EXPECT_EQ(Count("SELECT count(*) FROM imports"), 1);
  const auto report = Import(paths);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->Totals().new_messages, 20000);
  EXPECT_EQ(Texts().size(), 20002u);
  EXPECT_EQ(*MessagesFingerprint(workspace_->database()), "revision 2");
}

TEST_F(ImporterTest, HugeLinesAndDepthStaySmall) {
  std::string text = Export({Message(1, "раз")});
  text.resize(text.size() - 3);
  text += "," + Message(2, std::string(40'000'000, 'x')) +
          ",{\"id\":3,\"deep\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}]}";
  const auto report = Import({Write("result.json", text)});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].new_messages, 2);
  ASSERT_EQ(report->files[0].problems.size(), 2u);
  EXPECT_EQ(report->files[0].problems[0].kind, ProblemKind::kTooDeep);
  EXPECT_EQ(report->files[0].problems[1].kind, ProblemKind::kTextCut);
  EXPECT_EQ(Texts()[1].size(), 2 + options_.max_text);
}

TEST_F(ImporterTest, TheExamplesAreWhole) {
  const fs::path examples = fs::path(IDIOLECT_SOURCE_DIR) / "examples";
  const auto report = Import({examples});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GE(report->files.size(), 2u);
  for (const FileReport& file : report->files) {
    EXPECT_TRUE(file.problems.empty()) << file.path;
    EXPECT_EQ(file.new_messages, file.messages) << file.path;
    EXPECT_GT(file.messages, 0) << file.path;
  }
}

// Real exports, where the checkout has them beside it: nothing of theirs is in this repository.
TEST_F(ImporterTest, RealExportsAreAccountedForToTheLastMessage) {
  const fs::path real = fs::path(IDIOLECT_SOURCE_DIR) / "../shared/data/telegram-json-tgif";
  if (!fs::exists(real)) GTEST_SKIP() << "no real exports here";
  const auto report = Import({real});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->files.size(), 4u);
  for (const FileReport& file : report->files) {
    std::ifstream stream(file.path);
    const auto json = nlohmann::json::parse(stream);
    EXPECT_EQ(file.messages, static_cast<int64_t>(json["messages"].size())) << file.path;
    EXPECT_EQ(file.new_messages, file.messages) << file.path;
    EXPECT_TRUE(file.problems.empty()) << file.path;
    // And each with the text that another parser reads.
    std::map<int64_t, std::string> expected;
    for (const auto& message : json["messages"]) {
      std::string text;
      if (message["text"].is_string()) {
        text = message["text"];
      } else {
        for (const auto& run : message["text"]) {
          text += run.is_string() ? run.get<std::string>() : run["text"].get<std::string>();
        }
      }
      expected[message["id"]] = text;
    }
    for (const Chat& chat : Chats()) {
      if (chat.source_id != "channel" + std::to_string(json["id"].get<int64_t>())) continue;
      ASSERT_TRUE(ForEachMessage(workspace_->database(), chat.id,
                                 [&](const MessageView& message) -> Status {
                                   const auto found = expected.find(SourceIdOfMessage(message.id));
                                   if (found != expected.end()) {
                                     EXPECT_EQ(found->second, message.text);
                                     expected.erase(found);
                                   }
                                   return {};
                                 }));
    }
    EXPECT_TRUE(expected.empty()) << file.path;
  }
}

}  // namespace
}  // namespace idiolect
