// The same chat in both formats, in either order, and what merging people does to it.

#include "importer/forum_topics.h"
#include "importer/import_fixture.h"
#include "store/people_merges.h"
#include "store/samples.h"

namespace idiolect {
namespace {

using Lines = std::vector<std::string>;

class ChatJoin : public ImportFixture {
 protected:
  // Messages 1 and 2 by Лена and Олег, 3 by Лена; `from` to `to`.
  void WriteHtml(const std::string& name, int from, int to) {
    std::string messages;
    for (int id = from; id <= to; ++id) {
      messages += Block(id, id % 2 == 1 ? "Лена" : "Олег", Words("т" + std::to_string(id)));
    }
    Write(name + "/messages.html", Page(messages));
  }
  void WriteJson(const std::string& name, int from, int to) {
    std::vector<std::string> messages;
    for (int id = from; id <= to; ++id) {
      messages.push_back(JsonMessage(id, id % 2 == 1 ? "Лена" : "Олег",
                                     id % 2 == 1 ? "user1" : "user2", "т" + std::to_string(id)));
    }
    Write(name + "/result.json", JsonChat(messages));
  }
  FileReport MustImport(const std::string& name) {
    auto report = Import(name);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? report->files.at(0) : FileReport();
  }
  void ExpectAsFromJson(int from, int to) {
    Lines expected;
    for (int id = from; id <= to; ++id) {
      expected.push_back(std::to_string(id) + ":т" + std::to_string(id) + " by telegram:user" +
                         (id % 2 == 1 ? "1" : "2"));
    }
    EXPECT_EQ(Messages(), expected);
    const auto chats = *ListChats(database());
    ASSERT_EQ(chats.size(), 1u);
    EXPECT_EQ(chats[0].source_id, "channel5");
    EXPECT_EQ(chats[0].kind, ChatKind::kGroup);
    const Lines people = People();
    for (const std::string& person : people) EXPECT_TRUE(person.starts_with("telegram:user"));
    EXPECT_EQ(people.size(), 2u);
  }
};

TEST_F(ChatJoin, JsonAfterHtmlReplacesNamesByIds) {
  WriteHtml("html", 1, 6);
  WriteJson("json", 1, 6);
  EXPECT_EQ(MustImport("html").new_messages, 6);
  const FileReport report = MustImport("json");
  EXPECT_EQ(report.joined_chats, 1);
  ExpectAsFromJson(1, 6);
  // Again, in both orders, nothing changes.
  const std::string before = *MessagesFingerprint(database());
  EXPECT_EQ(MustImport("html").known_messages, 6);
  EXPECT_EQ(MustImport("json").known_messages, 6);
  EXPECT_EQ(*MessagesFingerprint(database()), before);
  ExpectAsFromJson(1, 6);
}

TEST_F(ChatJoin, HtmlAfterJsonSplitsNobody) {
  WriteHtml("html", 1, 8);
  WriteJson("json", 1, 6);
  EXPECT_EQ(MustImport("json").new_messages, 6);
  const FileReport report = MustImport("html");
  EXPECT_EQ(report.known_messages, 6);
  EXPECT_EQ(report.new_messages, 2);
  EXPECT_EQ(report.identified_messages, 2);
  ExpectAsFromJson(1, 8);
  WriteJson("later", 5, 8);
  const FileReport later = MustImport("later");
  EXPECT_EQ(later.known_messages, 4);
  EXPECT_EQ(later.identified_messages, 2);
  ExpectAsFromJson(1, 8);
}

TEST_F(ChatJoin, PartsThatOverlapOnlyInTheMiddle) {
  WriteHtml("html", 3000, 6000);
  WriteJson("json", 1, 3100);
  MustImport("html");
  MustImport("json");
  ExpectAsFromJson(1, 6000);
}

TEST_F(ChatJoin, TheOtherWayRoundToo) {
  WriteJson("json", 3000, 6000);
  WriteHtml("html", 1, 3100);
  MustImport("json");
  MustImport("html");
  ExpectAsFromJson(1, 6000);
}

TEST_F(ChatJoin, NamesakesStayApartAndWhatIsUnclearStaysAName) {
  Write("html/messages.html", Page(Block(1, "Саша", Words("a")) + Block(2, "Саша", Words("b")) +
                                   Block(3, "Саша", Words("c"))));
  Write("json/result.json",
        JsonChat({JsonMessage(1, "Саша", "user1", "a"), JsonMessage(2, "Саша", "user2", "b")}));
  MustImport("html");
  MustImport("json");
  EXPECT_EQ(Messages(),
            (Lines{"1:a by telegram:user1", "2:b by telegram:user2", "3:c by telegram-html:Саша"}));
  EXPECT_EQ(People(),
            (Lines{"telegram-html:Саша 1 Саша", "telegram:user1 1 Саша", "telegram:user2 1 Саша"}));
}

TEST_F(ChatJoin, AnotherChatOfTheNameStaysAnother) {
  WriteHtml("html", 1, 6);
  MustImport("html");
  std::string other =
      JsonChat({JsonMessage(1, "Лена", "user1", "x"), JsonMessage(2, "Олег", "user2", "y")});
  for (size_t at; (at = other.find("1544181132")) != std::string::npos;) {
    other.replace(at, 10, "1600000001");
  }
  Write("json/result.json", other);
  EXPECT_EQ(MustImport("json").joined_chats, 0);
  EXPECT_EQ(Chats(), 2u);
  EXPECT_EQ(Messages().size(), 8u);
}

TEST_F(ChatJoin, RepliesAndTopicsMoveAlong) {
  Write("html/messages.html", Page(Block(1, "Лена", Words("a")) + Block(2, "Олег", Words("b"))));
  Write("json/result.json",
        JsonChat({JsonMessage(2, "Олег", "user2", "b"),
                  R"({"id":3,"type":"service","date_unixtime":"1544181132","actor":"Олег",)"
                  R"("actor_id":"user2","action":"topic_created","title":"t","text":""})",
                  JsonMessage(4, "Лена", "user1", "c", R"(,"reply_to_message_id":2)"),
                  JsonMessage(5, "Лена", "user1", "d", R"(,"reply_to_message_id":3)"),
                  JsonMessage(6, "Олег", "user2", "e", R"(,"reply_to_message_id":5)")}));
  MustImport("html");
  MustImport("json");
  auto query = database().Prepare("SELECT id, reply_to, topic FROM messages ORDER BY id");
  Lines lines;
  while (*query->Step()) {
    const auto source = [&](int column) {
      const MessageId id = query->Integer(column);
      return id == 0 ? std::string("-") : std::to_string(SourceIdOfMessage(id));
    };
    lines.push_back(source(0) + " " + source(1) + " " + source(2));
  }
  EXPECT_EQ(lines, (Lines{"1 - -", "2 - -", "3 - -", "4 2 -", "5 - 3", "6 5 3"}));
}

TEST_F(ChatJoin, AForumWhoseTopicsWereOpenedBeforeTheExport) {
  for (const bool html : {true, false}) {
    std::string page;
    std::vector<std::string> messages;
    for (int id = 100; id < 100 + kTopicReplies; ++id) {
      page += Block(id, "Лена", ReplyTo(50) + Words("x"));
      messages.push_back(JsonMessage(id, "Лена", "user1", "x", R"(,"reply_to_message_id":50)"));
    }
    page += Block(200, "Олег", ReplyTo(60) + Words("y")) +
            Block(201, "Олег", ReplyTo(100) + Words("z"));
    messages.push_back(JsonMessage(200, "Олег", "user2", "y", R"(,"reply_to_message_id":60)"));
    messages.push_back(JsonMessage(201, "Олег", "user2", "z", R"(,"reply_to_message_id":100)"));
    const std::string chat = html ? "один" : "другой";
    Write("html/messages.html", Page(page, chat));
    Write("json/result.json", JsonChat(messages, chat, 7));
    const FileReport report = MustImport(html ? "html" : "json");
    EXPECT_EQ(report.contents.topics, 1);
    EXPECT_EQ(report.contents.replies, 2);
    const ChatId id = ListChats(database())->back().id;
    auto query = database().Prepare("SELECT reply_to, topic FROM messages WHERE id=?1");
    const auto row = [&](int64_t message) {
      query->Reset();
      EXPECT_TRUE(*query->Bind(1, MakeMessageId(id, message)).Step());
      const auto source = [&](int column) {
        return query->Integer(column) == 0 ? 0 : SourceIdOfMessage(query->Integer(column));
      };
      return std::make_pair(source(0), source(1));
    };
    EXPECT_EQ(row(100), (std::pair<int64_t, int64_t>(0, 50)));
    EXPECT_EQ(row(200), (std::pair<int64_t, int64_t>(60, 0))) << "one reply makes no topic";
    EXPECT_EQ(row(201), (std::pair<int64_t, int64_t>(100, 50)));
  }
}

TEST_F(ChatJoin, ThePersonaNoteAndDatasetFollow) {
  WriteHtml("html", 1, 6);
  WriteJson("json", 1, 6);
  MustImport("html");
  ASSERT_TRUE(workspace_->SetSetting("persona", "telegram-html:Лена"));
  const auto people = *ListPeople(database());
  const PersonId by_name = people[0].names[0].name == "Лена" ? people[0].id : people[1].id;
  ASSERT_TRUE(SetPersonNote(database(), by_name, "сестра"));
  DatasetRow dataset;
  dataset.persona = by_name;
  const SampleRow sample{MakeMessageId(1, 3),
                         MakeMessageId(1, 3),
                         MakeMessageId(1, 2),
                         MakeMessageId(1, 1),
                         1,
                         Split::kTrain,
                         1};
  ASSERT_TRUE(ReplaceDataset(database(), dataset, std::span(&sample, 1), {}));
  MustImport("json");
  EXPECT_EQ(*workspace_->Setting("persona"), "telegram:user1");
  EXPECT_TRUE(ListDatasets(database())->empty()) << "has to be built again";
  const auto listed = *ListPeople(database());
  for (const PersonSummary& person : listed) {
    const auto notes = *PersonNotes(database());
    const auto index = static_cast<size_t>(person.id);
    EXPECT_EQ(index < notes.size() ? notes[index] : "",
              person.source_id == "telegram:user1" ? "сестра" : "");
  }
}

TEST_F(ChatJoin, MergedPeopleWriteAsOneAndComeApartAgain) {
  WriteJson("json", 1, 6);
  MustImport("json");
  const Lines before = Messages(), people = People();
  PersonId lena = 0, oleg = 0;
  const auto listed = *ListPeople(database());
  for (const PersonSummary& person : listed) {
    (person.source_id == "telegram:user1" ? lena : oleg) = person.id;
  }
  EXPECT_EQ(*MergePeople(database(), oleg, lena, 7), 3);
  EXPECT_FALSE(MergePeople(database(), oleg, lena, 7));
  EXPECT_FALSE(MergePeople(database(), lena, lena, 7));
  WriteJson("json", 1, 8);
  EXPECT_EQ(MustImport("json").new_messages, 2);
  EXPECT_EQ(People(), (Lines{"telegram:user1 8 Лена Олег"}));
  EXPECT_EQ(ListPeople(database())->at(0).also, (Lines{"telegram:user2"}));
  EXPECT_EQ(*UnmergePerson(database(), oleg), 4);
  EXPECT_FALSE(UnmergePerson(database(), oleg));
  ExpectAsFromJson(1, 8);
}

TEST_F(ChatJoin, IdsComeBeforeAMergeByName) {
  WriteHtml("html", 1, 6);
  MustImport("html");
  PersonId lena = 0, oleg = 0;
  const auto listed = *ListPeople(database());
  for (const PersonSummary& person : listed) {
    (person.names[0].name == "Лена" ? lena : oleg) = person.id;
  }
  ASSERT_TRUE(MergePeople(database(), oleg, lena, 7));
  WriteJson("json", 1, 4);
  MustImport("json");
  // The ids say who wrote what; the user's word on names that are gone goes with them.
  ExpectAsFromJson(1, 6);
}

}  // namespace
}  // namespace idiolect
