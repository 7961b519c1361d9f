#include "importer/telegram_html.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "importer/import_fixture.h"
#include "store/messages.h"
#include "store/workspace.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class MemoryPages : public HtmlPages {
 public:
  explicit MemoryPages(std::vector<std::string> pages) : pages_(std::move(pages)) {}
  size_t count() const override { return pages_.size(); }
  Result<std::unique_ptr<ByteSource>> Open(size_t page) override {
    return std::make_unique<MemorySource>(pages_[page]);
  }

 private:
  std::vector<std::string> pages_;
};

struct Got {
  MessageRecord record;
  std::string text, extra, author;
};

class Collected : public BatchSink {
 public:
  std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override {
    if (full == nullptr) return std::make_unique<MessageBatch>();
    chats.insert(chats.end(), full->chats.begin(), full->chats.end());
    authors.insert(authors.end(), full->authors.begin(), full->authors.end());
    for (const MessageRecord& record : full->messages) {
      got[record.id] = {record, std::string(full->Text(record.text)),
                        std::string(full->Text(record.extra)),
                        record.author == 0 ? "" : authors[record.author - 1].source_id};
    }
    full->Clear();
    return full;
  }
  std::vector<Chat> chats;
  std::vector<BatchAuthor> authors;
  std::map<int64_t, Got> got;
  TelegramSummary summary;
};

Collected Read(std::vector<std::string> pages, size_t window = 1 << 16,
               const std::string& folder = "ChatExport") {
  MemoryPages source(std::move(pages));
  Collected collected;
  auto summary = ReadTelegramHtml(
      source, {.max_text = 4096, .window = window, .fallback_name = folder}, collected);
  EXPECT_TRUE(summary);
  if (summary) collected.summary = *std::move(summary);
  return collected;
}
int64_t Problems(const Collected& collected, ProblemKind kind) {
  for (const ImportProblem& problem : collected.summary.problems) {
    if (problem.kind == kind) return problem.count;
  }
  return 0;
}

TEST(TelegramHtml, TextAuthorAndTime) {
  const std::string page =
      Page(Service(-1, "7 December 2018") + Service(1, "Лена created group &laquo;Двор&raquo;") +
           Block(5, "Лена", Words("раз &lt;b&gt; &amp; <strong>два</strong><br><br>три &#x41;")) +
           Block(6, "", Words("ещё"), "07.12.2018 15:12:12") +
           Block(7, "Deleted Account", Words("кто я"), "08.12.2018 00:00:00 ") +
           Block(8, "Олег via @vote", Words("опрос")));
  for (const size_t window : {64, 100, 1 << 16}) {
    const Collected read = Read({page}, window);
    EXPECT_EQ(read.summary.messages, 5);
    ASSERT_EQ(read.chats.size(), 1u);
    EXPECT_EQ(read.chats[0].name, "Двор & дом");
    EXPECT_EQ(read.chats[0].source_id, "name:Двор & дом");
    ASSERT_EQ(read.got.size(), 5u);
    const Got& first = read.got.at(5);
    EXPECT_EQ(first.text, "раз <b> & два\n\nтри A");
    EXPECT_EQ(first.author, "telegram-html:Лена");
    EXPECT_EQ(first.record.time, 1544181132);  // 11:12:12 UTC
    EXPECT_EQ(read.got.at(6).author, "telegram-html:Лена") << "joined";
    EXPECT_EQ(read.got.at(6).record.time, 1544195532) << "local time as UTC";
    EXPECT_EQ(read.got.at(7).author, "");
    EXPECT_EQ(read.got.at(7).record.time, 1544227200);
    EXPECT_EQ(read.got.at(8).author, "telegram-html:Олег");
    EXPECT_EQ(read.got.at(8).record.flags, kViaBot | kAuthorByName);
    EXPECT_EQ(read.got.at(1).record.kind, MessageKind::kService);
    EXPECT_EQ(read.got.at(1).extra, "Лена created group «Двор»");
    EXPECT_EQ(read.got.at(1).record.time, 1544140800) << "the day's separator";
    ASSERT_EQ(read.summary.problems.size(), 1u);
    EXPECT_EQ(read.summary.problems[0].kind, ProblemKind::kNamesOnly);
  }
}

TEST(TelegramHtml, RepliesForwardsAndTopics) {
  const Collected read = Read(
      {Page(Service(10, "Лена created topic &laquo;Общее&raquo;") +
            Block(11, "Лена", ReplyTo(10) + Words("в теме")) +
            Block(12, "Олег", ReplyTo(11) + Words("ответ")) +
            Block(13, "Олег", Reply("In reply to a message in another chat") + Words("оттуда"))),
       Page(Block(14, "Лена", ReplyTo(11, "messages.html") + Words("через страницу")) +
            Block(15, "",
                  "<div class=\"pull_left forwarded userpic_wrap\"><div class=\"initials\">И"
                  "</div></div><div class=\"forwarded body\"><div class=\"from_name\">\nИра <span "
                  "class=\"date details\" title=\"01.01.2018 00:00:00\"> 01.01.2018 "
                  "00:00:00</span>\n</div>" +
                      Words("чужое") + "</div>"))});
  ASSERT_EQ(read.got.size(), 6u);
  EXPECT_EQ(read.got.at(10).extra, "topic_created");
  EXPECT_EQ(read.got.at(10).text, "Общее");
  EXPECT_EQ(read.got.at(11).record.topic, 10);
  EXPECT_TRUE(read.got.at(11).record.has_topic);
  EXPECT_FALSE(read.got.at(11).record.has_reply);
  EXPECT_EQ(read.got.at(12).record.reply_to, 11);
  EXPECT_EQ(read.got.at(13).record.flags, kReplyElsewhere | kAuthorByName);
  EXPECT_FALSE(read.got.at(13).record.has_reply);
  EXPECT_EQ(read.got.at(14).record.reply_to, 11);
  const Got& forward = read.got.at(15);
  EXPECT_EQ(forward.author, "telegram-html:Лена") << "the outer one sent it";
  EXPECT_EQ(forward.record.flags, kForwarded | kAuthorByName);
  EXPECT_EQ(forward.extra, "Ира");
  EXPECT_EQ(forward.text, "чужое");
  EXPECT_EQ(forward.record.time, 1544181132) << "the outer date";
}

TEST(TelegramHtml, MediaAndWhatStandsBeside) {
  const auto media = [](const std::string& inside) {
    return "<div class=\"media_wrap clearfix\">" + inside + "</div>";
  };
  const Collected read = Read({Page(
      Block(
          1, "Лена",
          media("<a class=\"photo_wrap clearfix pull_left\" href=\"p\"><img class=\"photo\"></a>") +
              Words("подпись")) +
      Block(2, "Лена",
            media("<div class=\"media clearfix pull_left media_photo\"><div class=\"body\"><div "
                  "class=\"title bold\">\nSticker\n</div><div class=\"status details\">\n😀, 20 "
                  "KB\n</div></div></div>")) +
      Block(3, "Лена",
            media("<div class=\"media_poll\"><div class=\"question bold\">\nИдём?\n</div><div "
                  "class=\"answer\">\n- да\n</div></div>")) +
      Block(4, "Лена",
            Words("<a href=\"http://a.b/\">http://a.b/</a> <a href=\"https://t.me/x\">@x</a>") +
                "<span class=\"reactions\"><span class=\"reaction\">👍 5</span></span><div "
                "class=\"signature details\">\nподпись\n</div>") +
      Block(5, "Лена", Words("см. <a href=\"http://a.b/\">http://a.b/</a>")))});
  EXPECT_EQ(read.got.at(1).record.media, MediaKind::kPhoto);
  EXPECT_EQ(read.got.at(1).text, "подпись");
  EXPECT_EQ(read.got.at(2).record.media, MediaKind::kSticker);
  EXPECT_EQ(read.got.at(2).text, "");
  EXPECT_EQ(read.got.at(3).record.media, MediaKind::kPoll);
  EXPECT_EQ(read.got.at(3).extra, "Идём?");
  EXPECT_EQ(read.got.at(4).text, "http://a.b/ @x");
  EXPECT_EQ(read.got.at(4).record.flags, kOnlyLinks | kAuthorByName);
  EXPECT_EQ(read.got.at(5).record.flags, uint32_t{kAuthorByName});
}

TEST(TelegramHtml, BrokenPagesLoseOnlyWhatIsBroken) {
  const std::string whole = Page(Block(1, "Лена", Words("раз")) + Block(2, "", Words("два")));
  Collected read = Read({whole.substr(0, whole.find("два") + 3)});
  EXPECT_EQ(read.summary.messages, 1);
  EXPECT_EQ(Problems(read, ProblemKind::kPageCut), 1);
  read = Read(
      {Page("<div class=\"message default\" id=\"message1\"><div class=\"text\">a<b" +
            Block(2, "Лена", Words("\xff\xfeдва")) + "<div class=\"message default\"></div>")});
  EXPECT_EQ(Problems(read, ProblemKind::kBrokenMarkup), 1);
  EXPECT_EQ(Problems(read, ProblemKind::kRepairedText), 1);
  EXPECT_EQ(read.summary.skipped[static_cast<size_t>(SkipReason::kNoId)], 1);
  EXPECT_EQ(read.got.at(2).text, "\ufffd\ufffdдва");
  EXPECT_EQ(read.summary.messages, 3);
}

class HtmlImport : public ImportFixture {};

TEST_F(HtmlImport, PagesByNumberAndOnlyOnce) {
  for (int page = 1; page <= 11; ++page) {
    Write("ChatExport/messages" + (page == 1 ? "" : std::to_string(page)) + ".html",
          Page(Block(page, page == 1 ? "Лена" : "", Words("x"))));
  }
  Write("ChatExport/files/sent.json", R"({"messages":[{"id":1,"type":"message"}]})");
  auto report = Import("ChatExport");
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->files.size(), 1u);
  EXPECT_EQ(report->files[0].format, "telegram-html");
  EXPECT_EQ(report->files[0].new_messages, 11);
  // Joined across the pages, in the order of their numbers.
  EXPECT_EQ(ListPeople(workspace_->database())->at(0).messages, 11);
  report = Import("ChatExport/messages2.html");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].known_messages, 11);
  EXPECT_EQ(Chats(), 1u);
}

TEST_F(HtmlImport, ChatsOfOneNameStayApart) {
  Write("DataExport/lists/chats.html", "<html></html>");
  Write("DataExport/chats/chat_001/messages.html", Page(Block(1, "Лена", Words("раз"))));
  Write("DataExport/chats/chat_002/messages.html", Page(Block(2, "Лена", Words("два"))));
  ASSERT_TRUE(Import("DataExport"));
  EXPECT_EQ(Chats(), 2u);
  Write("ChatExport/messages1.html",
        Page(Block(1, "Олег", Words("другой чат"), "01.02.2020 03:04:05")));
  auto report = Import("ChatExport");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].known_messages, 0) << "the same id at another time";
  // All of it again: nothing new.
  const size_t chats = Chats();
  report = Import("DataExport");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->Totals().new_messages, 0);
  EXPECT_EQ(Chats(), chats);
}

TEST_F(HtmlImport, AfterTheJsonOfTheSameChat) {
  Write(
      "json/result.json",
      R"({"name":"Двор & дом","type":"private_group","id":5,"messages":[{"id":1,"type":"message",)"
      R"("date":"2018-12-07T15:12:12","date_unixtime":"1544181132","from":"Лена",)"
      R"("from_id":"user1","text":"раз"}]})");
  ASSERT_TRUE(Import("json"));
  Write("html/messages.html", Page(Block(1, "Лена", Words("раз")) + Block(2, "", Words("два"))));
  const auto report = Import("html");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files[0].known_messages, 1);
  EXPECT_EQ(report->files[0].new_messages, 1);
  EXPECT_EQ(Chats(), 1u);
}

TEST_F(HtmlImport, TheWholeOfAPublicGroup) {
  const fs::path archive =
      fs::path(IDIOLECT_SOURCE_DIR) / "../shared/data" / "telegram-ru-qa_load-2018-2020.tar.xz";
  if (!fs::exists(archive)) GTEST_SKIP() << "the data set is not here";
  const auto report = Import(archive);
  ASSERT_TRUE(report) << report.error().message;
  // Counted in the pages by pattern: 32,106 ordinary and 3,431 service messages.
  const ImportCounts totals = report->Totals();
  EXPECT_EQ(totals.messages, 35537);
  EXPECT_EQ(totals.new_messages, 35537);
  const auto chats = *ListChats(workspace_->database());
  ASSERT_EQ(chats.size(), 1u);
  int64_t ordinary = 0, targets = 0;
  std::map<int64_t, int64_t> topics;
  ASSERT_TRUE(ForEachMessage(workspace_->database(), chats[0].id, [&](const MessageView& m) {
    if (m.kind == MessageKind::kOrdinary) ++ordinary;
    if (m.reply_to != 0 || m.topic != 0) ++targets;
    if (m.topic != 0 && m.reply_to == 0) ++topics[m.topic];
    return Status();
  }));
  EXPECT_EQ(ordinary, 32106);
  EXPECT_EQ(targets, 12196);
  EXPECT_GE(topics.size(), 6u);
  EXPECT_EQ(topics[MakeMessageId(chats[0].id, 96296)], 410);
}

}  // namespace
}  // namespace idiolect
