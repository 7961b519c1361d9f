#include "store/messages.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "store/database.h"
#include "store/workspace.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class MessagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "idiolect-messages-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto opened = Workspace::Open(folder_);
    ASSERT_TRUE(opened);
    workspace_ = *std::move(opened);
  }
  void TearDown() override {
    workspace_.reset();
    fs::remove_all(folder_);
  }
  Database& database() { return workspace_->database(); }
  std::unique_ptr<MessageWriter> Begin() {
    auto writer = MessageWriter::Begin(database());
    EXPECT_TRUE(writer) << (writer ? "" : writer.error().message);
    return *std::move(writer);
  }
  std::string Fingerprint() { return *MessagesFingerprint(database()); }
  // All messages of the chat as "id:text".
  std::vector<std::string> Texts(ChatId chat) {
    std::vector<std::string> texts;
    EXPECT_TRUE(ForEachMessage(database(), chat, [&](const MessageView& message) -> Status {
      texts.push_back(std::to_string(SourceIdOfMessage(message.id)) + ":" +
                      std::string(message.text));
      return {};
    }));
    return texts;
  }

  fs::path folder_;
  std::unique_ptr<Workspace> workspace_;
};

Chat SomeChat(std::string source_id, std::string name = "Двор") {
  return {0, "telegram", std::move(source_id), std::move(name), ChatKind::kGroup};
}

MessageView Message(ChatId chat, int64_t id, std::string_view text, PersonId author = 0) {
  MessageView message;
  message.id = MakeMessageId(chat, id);
  message.time = 1700000000 + id;
  message.author = author;
  message.text = text;
  return message;
}

TEST_F(MessagesTest, GivesBackEveryField) {
  MessageView message;
  {
    auto writer = Begin();
    const ChatId chat = *writer->AddChat(SomeChat("channel1"));
    message.id = MakeMessageId(chat, -999999998);
    message.time = 1700000001;
    message.edited = 1700000002;
    message.author = *writer->AddPerson("telegram:user1", "Лена");
    message.reply_to = MakeMessageId(chat, -999999999);
    message.topic = MakeMessageId(chat, 7);
    message.flags = kForwarded | kOnlyLinks;
    message.kind = MessageKind::kOrdinary;
    message.media = MediaKind::kSticker;
    message.text = "привет";
    message.extra = "😂";
    ASSERT_EQ(*writer->Add(message), Stored::kNew);
    ASSERT_TRUE(writer->Commit());
  }
  int seen = 0;
  ASSERT_TRUE(
      ForEachMessage(database(), ChatOfMessage(message.id), [&](const MessageView& read) -> Status {
        ++seen;
        EXPECT_EQ(read.id, message.id);
        EXPECT_EQ(SourceIdOfMessage(read.id), -999999998);
        EXPECT_EQ(read.time, message.time);
        EXPECT_EQ(read.edited, message.edited);
        EXPECT_EQ(read.author, message.author);
        EXPECT_EQ(read.reply_to, message.reply_to);
        EXPECT_EQ(read.topic, message.topic);
        EXPECT_EQ(read.flags, message.flags);
        EXPECT_EQ(read.kind, message.kind);
        EXPECT_EQ(read.media, message.media);
        EXPECT_EQ(read.text, message.text);
        EXPECT_EQ(read.extra, message.extra);
        return {};
      }));
  EXPECT_EQ(seen, 1);
}

TEST_F(MessagesTest, NothingRemainsWithoutCommit) {
  const std::string before = Fingerprint();
  {
    auto writer = Begin();
    const ChatId chat = *writer->AddChat(SomeChat("chat1"));
    ASSERT_TRUE(writer->Add(Message(chat, 1, "раз")));
    ASSERT_TRUE(RecordImport(database(), "result.json", 1, "{}"));
  }
  EXPECT_TRUE(ListChats(database())->empty());
  EXPECT_EQ(Fingerprint(), before);
  auto imports = database().Prepare("SELECT count(*) FROM imports");
  ASSERT_TRUE(imports);
  ASSERT_TRUE(*imports->Step());
  EXPECT_EQ(imports->Integer(0), 0);
}

TEST_F(MessagesTest, TellsNewKnownEditedAndRepeated) {
  ChatId chat = 0;
  {
    auto writer = Begin();
    chat = *writer->AddChat(SomeChat("chat1"));
    EXPECT_EQ(*writer->Add(Message(chat, 2, "два")), Stored::kNew);
    EXPECT_EQ(*writer->Add(Message(chat, 4, "четыре")), Stored::kNew);
    EXPECT_EQ(*writer->Add(Message(chat, 2, "другое")), Stored::kRepeated);
    EXPECT_EQ(*writer->Add(Message(chat, 1, "раз")), Stored::kNew);  // out of order
    ASSERT_TRUE(writer->Commit());
  }
  const std::string first = Fingerprint();
  {
    auto writer = Begin();
    ASSERT_EQ(*writer->AddChat(SomeChat("chat1")), chat);
    EXPECT_EQ(*writer->Add(Message(chat, 2, "два")), Stored::kKnown);
    EXPECT_EQ(*writer->Add(Message(chat, 4, "четыре")), Stored::kKnown);
    ASSERT_TRUE(writer->Commit());
  }
  EXPECT_EQ(Fingerprint(), first) << "nothing changed";
  {
    auto writer = Begin();
    ASSERT_EQ(*writer->AddChat(SomeChat("chat1")), chat);
    MessageView edited = Message(chat, 4, "четыре!");
    edited.edited = 1700000100;
    EXPECT_EQ(*writer->Add(edited), Stored::kEdited);
    edited.text = "older";
    edited.edited = 1700000050;
    EXPECT_EQ(*writer->Add(edited), Stored::kKnown);
    EXPECT_EQ(*writer->Add(Message(chat, 3, "три")), Stored::kNew);
    EXPECT_EQ(*writer->Add(Message(chat, 5, "пять")), Stored::kNew);
    ASSERT_TRUE(writer->Commit());
  }
  EXPECT_NE(Fingerprint(), first);
  EXPECT_EQ(Texts(chat),
            (std::vector<std::string>{"1:раз", "2:два", "3:три", "4:четыре!", "5:пять"}));
}

TEST_F(MessagesTest, ChatsKeepApartAndTakeNewNames) {
  auto writer = Begin();
  const ChatId one = *writer->AddChat(SomeChat("chat1", "Old name"));
  const ChatId two = *writer->AddChat(SomeChat("channel1", "Other"));
  EXPECT_NE(one, two);
  ASSERT_TRUE(writer->Add(Message(one, 1, "in one")));
  ASSERT_TRUE(writer->Add(Message(two, 1, "in two")));
  ASSERT_TRUE(writer->Add(Message(one, 2, "again in one")));
  ASSERT_EQ(*writer->AddChat(SomeChat("chat1", "New name")), one);
  Chat nameless = SomeChat("chat1", "");
  nameless.kind = ChatKind::kOther;
  ASSERT_EQ(*writer->AddChat(nameless), one);
  ASSERT_TRUE(writer->Commit());

  const auto chats = *ListChats(database());
  ASSERT_EQ(chats.size(), 2u);
  EXPECT_EQ(chats[0].name, "New name");
  EXPECT_EQ(chats[0].kind, ChatKind::kGroup);
  EXPECT_EQ(chats[1].name, "Other");
  EXPECT_EQ(Texts(one), (std::vector<std::string>{"1:in one", "2:again in one"}));
  EXPECT_EQ(Texts(two), (std::vector<std::string>{"1:in two"}));
  const auto totals = *CountMessages(database());
  ASSERT_EQ(totals.size(), 2u);
  EXPECT_EQ(totals[0].messages, 2);
  EXPECT_EQ(totals[1].messages, 1);
}

TEST_F(MessagesTest, PeopleHaveAllTheirNamesNewestFirst) {
  {
    auto writer = Begin();
    const ChatId one = *writer->AddChat(SomeChat("chat1"));
    const ChatId two = *writer->AddChat(SomeChat("chat2"));
    const PersonId lena = *writer->AddPerson("telegram:user1", "Лена");
    const PersonId silent = *writer->AddPerson("telegram:user2", "Молчун");
    const PersonId deleted = *writer->AddPerson("telegram:user3", "");
    EXPECT_NE(lena, silent);
    ASSERT_TRUE(writer->Add(Message(one, 1, "раз", lena)));
    ASSERT_TRUE(writer->Add(Message(one, 2, "три!", lena)));
    ASSERT_TRUE(writer->Add(Message(one, 3, "?", deleted)));
    EXPECT_EQ(*writer->AddPerson("telegram:user1", "Елена"), lena);
    ASSERT_TRUE(writer->Add(Message(two, 1, "ого", lena)));
    MessageView joined = Message(two, 2, "", silent);
    joined.kind = MessageKind::kService;
    ASSERT_TRUE(writer->Add(joined));
    ASSERT_TRUE(writer->Commit());
  }
  auto people = *ListPeople(database());
  ASSERT_EQ(people.size(), 2u);
  EXPECT_EQ(people[0].source_id, "telegram:user1");
  ASSERT_EQ(people[0].names.size(), 2u);
  EXPECT_EQ(people[0].names[0].name, "Елена");
  EXPECT_EQ(people[0].names[0].messages, 1);
  EXPECT_EQ(people[0].names[1].name, "Лена");
  EXPECT_EQ(people[0].names[1].messages, 2);
  EXPECT_EQ(people[0].messages, 3);
  EXPECT_EQ(people[0].chats, 2);
  EXPECT_EQ(people[0].words, 3 + 4 + 3);
  EXPECT_EQ(people[1].source_id, "telegram:user3");
  EXPECT_TRUE(people[1].names.empty());

  const std::string before = Fingerprint();
  {  // The same again counts nothing twice and is no change.
    auto writer = Begin();
    const ChatId two = *writer->AddChat(SomeChat("chat2"));
    const PersonId lena = *writer->AddPerson("telegram:user1", "Елена");
    ASSERT_EQ(*writer->Add(Message(two, 1, "ого", lena)), Stored::kKnown);
    ASSERT_TRUE(writer->Commit());
  }
  EXPECT_EQ(Fingerprint(), before);
  EXPECT_EQ((*ListPeople(database()))[0].names[0].messages, 1);
  {  // An old name again is the newest one.
    auto writer = Begin();
    ASSERT_TRUE(writer->AddPerson("telegram:user1", "Лена"));
    ASSERT_TRUE(writer->Commit());
  }
  EXPECT_NE(Fingerprint(), before);
  const auto names = *PersonNames(database());
  EXPECT_EQ(names[static_cast<size_t>(people[0].id)], "Лена");
  EXPECT_EQ(names[static_cast<size_t>(people[1].id)], "");
}

TEST_F(MessagesTest, ReadingStopsWhereTheCallerSaysSo) {
  auto writer = Begin();
  const ChatId chat = *writer->AddChat(SomeChat("chat1"));
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(writer->Add(Message(chat, id, "x")));
  ASSERT_TRUE(writer->Commit());
  int seen = 0;
  const Status status = ForEachMessage(database(), chat, [&](const MessageView&) -> Status {
    if (++seen == 2) return Fail(ErrorKind::kInterrupted, "enough");
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "enough");
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace idiolect
