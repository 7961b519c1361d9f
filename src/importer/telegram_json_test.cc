#include "importer/telegram_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace idiolect {
namespace {

// Keeps everything, with texts as strings.
struct Kept {
  MessageRecord record;
  std::string text, extra;
};
class Collector : public BatchSink {
 public:
  std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override {
    if (full == nullptr) return std::make_unique<MessageBatch>();
    chats.insert(chats.end(), full->chats.begin(), full->chats.end());
    authors.insert(authors.end(), full->authors.begin(), full->authors.end());
    for (const MessageRecord& record : full->messages) {
      messages.push_back(
          {record, std::string(full->Text(record.text)), std::string(full->Text(record.extra))});
    }
    full->Clear();
    return full;
  }
  const Kept& Of(int64_t id) const {
    for (const Kept& kept : messages) {
      if (kept.record.id == id) return kept;
    }
    static const Kept none;
    ADD_FAILURE() << "no message " << id;
    return none;
  }
  std::string AuthorOf(int64_t id) const {
    const uint32_t author = Of(id).record.author;
    return author == 0 ? "" : authors[author - 1].source_id + "=" + authors[author - 1].name;
  }

  std::vector<Chat> chats;
  std::vector<BatchAuthor> authors;
  std::vector<Kept> messages;
};

TelegramSummary Read(std::string_view text, Collector& into, TelegramOptions options = {}) {
  MemorySource source(text);
  auto summary = ReadTelegramJson(source, options, into);
  EXPECT_TRUE(summary) << (summary ? "" : summary.error().message);
  return summary ? *std::move(summary) : TelegramSummary{};
}

// One chat around the messages.
std::string InChat(const std::string& messages, const std::string& type = "private_supergroup") {
  return R"({"name":"Двор","type":")" + type + R"(","id":77,"messages":[)" + messages + "]}";
}

std::string Problems(const TelegramSummary& summary) {
  std::string text;
  for (const ImportProblem& problem : summary.problems) {
    text += std::string(text.empty() ? "" : " ") + ProblemName(problem.kind) + ":" +
            std::to_string(problem.count);
  }
  return text;
}

TEST(TelegramJson, AChatOfTheNewKind) {
  Collector into;
  const auto summary = Read(InChat(R"(
    {"id":1,"type":"service","date":"2023-01-01T10:00:00","date_unixtime":"1672556400",
     "actor":"Лена","actor_id":"user5","action":"create_group","title":"Двор","members":["Лена",null],
     "text":"","text_entities":[]},
    {"id":2,"type":"message","date":"2023-01-01T10:00:05","date_unixtime":"1672556405",
     "edited":"2023-01-01T10:01:00","edited_unixtime":"1672556460",
     "from":"Лена","from_id":"user5","text":"привет","text_entities":[{"type":"plain","text":"привет"}]},
    {"id":3,"type":"message","date":"2023-01-01T10:00:09","date_unixtime":"1672556409",
     "from":null,"from_id":"user6","reply_to_message_id":2,
     "text":["и ",{"type":"bold","text":"тебе"},"!"],
     "text_entities":[{"type":"plain","text":"и "},{"type":"bold","text":"тебе"},{"type":"plain","text":"!"}]},
    {"id":4,"type":"unsupported"})"),
                            into);
  EXPECT_EQ(Problems(summary), "");
  EXPECT_EQ(summary.messages, 4);
  ASSERT_EQ(into.chats.size(), 1u);
  EXPECT_EQ(into.chats[0].source, "telegram");
  EXPECT_EQ(into.chats[0].source_id, "channel77");
  EXPECT_EQ(into.chats[0].name, "Двор");
  EXPECT_EQ(into.chats[0].kind, ChatKind::kGroup);
  ASSERT_EQ(into.messages.size(), 4u);

  EXPECT_EQ(into.Of(1).record.kind, MessageKind::kService);
  EXPECT_EQ(into.Of(1).extra, "create_group");
  EXPECT_EQ(into.AuthorOf(1), "telegram:user5=Лена");
  EXPECT_EQ(into.Of(2).text, "привет");
  EXPECT_EQ(into.Of(2).record.time, 1672556405);
  EXPECT_EQ(into.Of(2).record.edited, 1672556460);
  EXPECT_FALSE(into.Of(2).record.has_reply);
  EXPECT_EQ(into.Of(3).text, "и тебе!");
  EXPECT_EQ(into.AuthorOf(3), "telegram:user6=");
  EXPECT_TRUE(into.Of(3).record.has_reply);
  EXPECT_EQ(into.Of(3).record.reply_to, 2);
  EXPECT_EQ(into.Of(4).record.kind, MessageKind::kUnsupported);
  EXPECT_EQ(into.Of(4).record.time, 1672556409) << "that of the message before";
}

TEST(TelegramJson, OldExportsHaveNumbersAndLocalTimesOnly) {
  Collector into;
  const auto summary = Read(InChat(R"(
    {"id":1,"type":"message","date":"2019-05-01T12:30:00","edited":"1970-01-01T03:00:00",
     "from":"Лена","from_id":368718073,"text":"раз"},
    {"id":2,"type":"message","date":"2019-05-01T12:31:00","edited":"2019-05-01T12:32:00",
     "from":"Канал","from_id":8589934669,"text":"два"},
    {"id":3,"type":"message","date":"2019-05-01T12:33:00","from":"Группа","from_id":4294967301,"text":"три"},
    {"id":4,"type":"message","date":"2019-05-01T12:33:00","from":"","from_id":0,"text":"никто"})"),
                            into);
  EXPECT_EQ(Problems(summary), "");
  EXPECT_EQ(into.Of(1).record.time, 1556713800);
  EXPECT_EQ(into.Of(1).record.edited, 0) << "1970 means never";
  EXPECT_EQ(into.Of(2).record.edited, 1556713920);
  EXPECT_EQ(into.AuthorOf(1), "telegram:user368718073=Лена");
  EXPECT_EQ(into.AuthorOf(2), "telegram:channel77=Канал");
  EXPECT_EQ(into.AuthorOf(3), "telegram:chat5=Группа");
  EXPECT_EQ(into.AuthorOf(4), "");
}

TEST(TelegramJson, AccountsAndTheirOwner) {
  Collector into;
  const auto summary = Read(R"({"about":"x","personal_information":{"user_id":42,"first_name":"Я"},
    "contacts":{"about":"","list":[{"user_id":9,"first_name":"a"}]},"sessions":{"list":[{"id":1}]},
    "chats":{"about":"y","list":[
      {"type":"saved_messages","id":42,"messages":[{"id":1,"type":"message","date":"2023-01-01T00:00:00","text":"a"}]},
      {"name":null,"type":"personal_chat","id":9,"messages":[]},
      {"name":"Бот","type":"bot_chat","id":10,"messages":[]},
      {"name":"Канал","type":"public_channel","id":11,"messages":[]},
      {"name":"Старая","type":"private_group","id":12,"messages":[]},
      {"type":"replies","id":13,"messages":[]},
      {"name":"?","type":"","id":14,"messages":[]},
      7, {"about":"nothing"}]},
    "left_chats":{"about":"z","list":[{"name":"Ушёл","type":"public_supergroup","id":15,"messages":[
      {"id":1,"type":"message","date":"2023-01-01T00:00:00","text":"b"}]}]}})",
                            into);
  EXPECT_EQ(summary.owner, "telegram:user42");
  EXPECT_EQ(summary.chats, 8);
  EXPECT_EQ(summary.messages, 2);
  EXPECT_EQ(Problems(summary), "not_a_chat:2");
  std::string chats;
  for (const Chat& chat : into.chats) {
    chats += chat.source_id + "/" + std::to_string(static_cast<int>(chat.kind)) + " ";
  }
  EXPECT_EQ(chats, "user42/4 user9/0 user10/3 channel11/2 chat12/1 user13/5 peer14/5 channel15/1 ");
  EXPECT_EQ(into.messages[0].record.chat, 0u);
  EXPECT_EQ(into.messages[1].record.chat, 7u);
}

TEST(TelegramJson, AnAccountWithoutChatsSaysSo) {
  Collector into;
  const auto summary =
      Read(R"({"about":"x","personal_information":{"user_id":42},"contacts":{"list":[]}})", into);
  EXPECT_EQ(summary.owner, "telegram:user42");
  EXPECT_EQ(Problems(summary), "no_chats:1");
}

TEST(TelegramJson, TheHeaderMayComeAfterTheMessages) {
  std::string messages;
  for (int id = 1; id <= 5000; ++id) {
    messages += (id > 1 ? "," : "") + std::string(R"({"id":)") + std::to_string(id) +
                R"(,"type":"message","date":"2023-01-01T00:00:00","from_id":"user1","text":"x"})";
  }
  const std::string chat =
      R"({"messages":[)" + messages + R"(],"id":77,"name":"Двор","type":"private_group"})";
  for (const std::string& text : {chat, R"({"chats":{"list":[)" + chat + "," +
                                            InChat(R"({"id":1,"type":"unsupported"})") + "]}}"}) {
    Collector into;
    const auto summary = Read(text, into);
    EXPECT_EQ(Problems(summary), "");
    EXPECT_EQ(into.chats[0].source_id, "chat77");
    EXPECT_EQ(into.chats[0].name, "Двор");
    EXPECT_EQ(into.messages.size(), static_cast<size_t>(summary.messages));
    EXPECT_EQ(summary.messages, text == chat ? 5000 : 5001);
    EXPECT_EQ(into.messages[4999].record.id, 5000);
  }
}

TEST(TelegramJson, AChatWithoutIdIsKnownByItsName) {
  Collector into;
  const auto summary = Read(R"({"name":"Двор","messages":[{"id":1,"type":"unsupported"}]})", into);
  EXPECT_EQ(into.chats[0].source_id, "name:Двор");
  EXPECT_EQ(Problems(summary), "no_chat_id:1");
  Collector again;
  Read(R"({"messages":[{"id":1,"type":"unsupported"}]})", again, {.fallback_name = "a.json"});
  EXPECT_EQ(again.chats[0].source_id, "file:a.json");
}

TEST(TelegramJson, EveryMediaKind) {
  const std::map<std::string, MediaKind> shapes = {
      {R"("photo":"photos/1.jpg","width":1,"height":1)", MediaKind::kPhoto},
      {R"json("photo":"(File not included. Change data exporting settings to download.)")json",
       MediaKind::kPhoto},
      {R"("file":"s.webp","thumbnail":"t","media_type":"sticker","sticker_emoji":"😂")",
       MediaKind::kSticker},
      {R"("media_type":"voice_message","file":"v.ogg","duration_seconds":3)", MediaKind::kVoice},
      {R"("file":"v.mp4","media_type":"video_message")", MediaKind::kVideoMessage},
      {R"("file":"v.mp4","media_type":"video_file")", MediaKind::kVideo},
      {R"("file":"v.mp4","media_type":"animation")", MediaKind::kAnimation},
      {R"("file":"a.mp3","media_type":"audio_file","performer":"p","title":"t")",
       MediaKind::kAudio},
      {R"("file":"a.pdf","mime_type":"application/pdf")", MediaKind::kFile},
      {R"("file":"a.new","media_type":"hologram")", MediaKind::kFile},
      {R"("contact_information":{"first_name":"a","phone_number":"+0"})", MediaKind::kContact},
      {R"("location_information":{"latitude":1.5,"longitude":2.5})", MediaKind::kLocation},
      {R"("location_information":null,"place_name":"Тут")", MediaKind::kLocation},
      {R"("poll":{"question":"Идём?","closed":false,"answers":[{"text":"да","voters":1}]})",
       MediaKind::kPoll},
      {R"("game_title":"g","game_link":"l")", MediaKind::kGame},
      {R"("invoice_information":{"title":"t","amount":1})", MediaKind::kInvoice},
      {R"("todo_list":{"title":"t"})", MediaKind::kOther},
      {R"("photo":null)", MediaKind::kNone},
  };
  for (const auto& [shape, kind] : shapes) {
    Collector into;
    const auto summary =
        Read(InChat(R"({"id":1,"type":"message","date":"2023-01-01T00:00:00","from_id":"user1",)" +
                    shape + R"(,"text":"","text_entities":[]})"),
             into);
    EXPECT_EQ(into.Of(1).record.media, kind) << shape;
    EXPECT_EQ(Problems(summary), "") << shape;
    const std::string extra = kind == MediaKind::kSticker ? "😂"
                              : kind == MediaKind::kPoll  ? "Идём?"
                                                          : "";
    EXPECT_EQ(into.Of(1).extra, extra) << shape;
    EXPECT_EQ(into.Of(1).text, "");
  }
}

TEST(TelegramJson, FlagsFollowFromTheMessage) {
  const auto flags = [](const std::string& fields) {
    Collector into;
    Read(InChat(R"({"id":5,"type":"message","date":"2023-01-01T00:00:00","from_id":"user1",)" +
                fields + "}"),
         into);
    return into.Of(5).record.flags;
  };
  EXPECT_EQ(flags(R"("text":"слова")"), 0u);
  EXPECT_EQ(flags(R"("forwarded_from":"Канал","text":"a")"), unsigned{kForwarded});
  EXPECT_EQ(flags(R"("forwarded_from":null,"text":"a")"), unsigned{kForwarded});
  EXPECT_EQ(flags(R"("forwarded_from_id":"user3","text":"a")"), unsigned{kForwarded});
  EXPECT_EQ(flags(R"("saved_from":"Кто-то","text":"a")"), unsigned{kForwarded});
  EXPECT_EQ(flags(R"("from":"Канал","from_id":"channel7","forwarded_from":"Канал","text":"a")"),
            unsigned{kForwarded | kChannelPost});
  EXPECT_EQ(flags(R"("from":"Аня","from_id":"user7","forwarded_from":"Аня","text":"a")"),
            unsigned{kForwarded});
  EXPECT_EQ(flags(R"("from":"Канал","from_id":"channel7","forwarded_from":"Другой","text":"a")"),
            unsigned{kForwarded});
  EXPECT_EQ(flags(R"("via_bot":"@gif","text":"a")"), unsigned{kViaBot});
  EXPECT_EQ(flags(R"("text":"/start","text_entities":[{"type":"bot_command","text":"/start"}])"),
            unsigned{kBotCommand});
  EXPECT_EQ(flags(R"("text":[{"type":"bot_command","text":"/start"}," now"])"),
            unsigned{kBotCommand});
  EXPECT_EQ(flags(R"("text":"https://example.org")"), unsigned{kOnlyLinks});
  EXPECT_EQ(flags(R"("text":[{"type":"link","text":"https://example.org"}])"),
            unsigned{kOnlyLinks});
  EXPECT_EQ(
      flags(R"("text":["",{"type":"mention","text":"@a"},"  ",{"text":"#b","type":"hashtag"}])"),
      unsigned{kOnlyLinks});
  EXPECT_EQ(flags(R"("text":["смотри ",{"type":"link","text":"https://example.org"}])"), 0u);
  EXPECT_EQ(flags(R"("text":[{"type":"bold","text":"@слово"}])"), 0u);
  EXPECT_EQ(flags(R"("text_entities":[{"type":"text_link","text":"тут","href":"https://a"}])"),
            unsigned{kOnlyLinks});
}

TEST(TelegramJson, RepliesStayInTheirChat) {
  Collector into;
  Read(InChat(R"(
    {"id":1,"type":"service","date":"2023-01-01T00:00:00","action":"topic_created","title":"t","text":""},
    {"id":2,"type":"message","date":"2023-01-01T00:00:01","reply_to_message_id":1,"text":"в теме"},
    {"id":3,"type":"message","date":"2023-01-01T00:00:02","reply_to_message_id":2,"text":"ответ"},
    {"id":4,"type":"message","date":"2023-01-01T00:00:03","reply_to_message_id":2,"reply_to_peer_id":"channel5","text":"x"},
    {"id":5,"type":"message","date":"2023-01-01T00:00:04","reply_to_message_id":2,"reply_to_peer_id":"channel77","text":"x"},
    {"id":6,"type":"message","date":"2023-01-01T00:00:05","reply_to_message_id":-999999990,"text":"x"},
    {"id":7,"type":"message","date":"2023-01-01T00:00:05","reply_to_message_id":7,"text":"x"})"),
       into);
  EXPECT_FALSE(into.Of(2).record.has_reply) << "a topic's opening is not what was answered";
  EXPECT_TRUE(into.Of(2).record.has_topic);
  EXPECT_EQ(into.Of(2).record.topic, 1);
  EXPECT_TRUE(into.Of(3).record.has_reply);
  EXPECT_FALSE(into.Of(4).record.has_reply);
  EXPECT_EQ(into.Of(4).record.flags, unsigned{kReplyElsewhere});
  EXPECT_TRUE(into.Of(5).record.has_reply) << "named, but it is this chat";
  EXPECT_EQ(into.Of(6).record.reply_to, -999999990);
  EXPECT_FALSE(into.Of(7).record.has_reply);
}

TEST(TelegramJson, ChannelPostsAreTheChannels) {
  Collector into;
  Read(
      InChat(
          R"({"id":1,"type":"message","date":"2023-01-01T00:00:00","from":"Двор","from_id":"channel77","author":"Лена","text":"a"},
              {"id":2,"type":"message","date":"2023-01-01T00:00:00","text":"b"},
              {"id":3,"type":"message","date":"2023-01-01T00:00:00","from":null,"text":"c"})",
          "public_channel"),
      into);
  for (const int64_t id : {1, 2, 3}) EXPECT_EQ(into.AuthorOf(id), "telegram:channel77=Двор");
  EXPECT_EQ(into.authors.size(), 1u);
}

TEST(TelegramJson, ServiceMessagesKeepTheirAction) {
  Collector into;
  const auto summary = Read(
      InChat(
          R"({"id":1,"type":"service","date":"2023-01-01T00:00:00","actor":null,"actor_id":"user1","action":"phone_call","duration_seconds":5,"text":""},
             {"id":2,"type":"service","date":"2023-01-01T00:00:00","information_text":"сообщение","text":""},
             {"id":3,"type":"service","date":"2023-01-01T00:00:00","action":"send_webview_data","text":"a","text":"b"},
             {"id":4,"date":"2023-01-01T00:00:00","action":"from_the_future"},
             {"id":5,"type":"hologram","date":"2023-01-01T00:00:00","text":"x"},
             {"id":6,"type":"message","from_id":"user1","text":"без даты"})"),
      into);
  EXPECT_EQ(into.Of(1).extra, "phone_call");
  EXPECT_EQ(into.Of(2).extra, "custom");
  EXPECT_EQ(into.Of(3).extra, "send_webview_data");
  EXPECT_EQ(into.Of(4).record.kind, MessageKind::kService);
  EXPECT_EQ(into.Of(5).record.kind, MessageKind::kUnsupported);
  EXPECT_EQ(into.Of(6).record.time, into.Of(5).record.time);
  EXPECT_EQ(Problems(summary), "unknown_type:1 no_date:1");
}

TEST(TelegramJson, EveryMessageIsAccountedFor) {
  Collector into;
  const auto summary =
      Read(InChat(R"({"id":1,"type":"unsupported"},{"type":"message"},7,null,"x",[],
    {"id":99999999999,"type":"unsupported"},{"id":"3","type":"unsupported"},{"id":1.5,"type":"message"})"),
           into);
  EXPECT_EQ(summary.messages, 9);
  EXPECT_EQ(summary.skipped[static_cast<size_t>(SkipReason::kNoId)], 2);
  EXPECT_EQ(summary.skipped[static_cast<size_t>(SkipReason::kNotAnObject)], 4);
  EXPECT_EQ(summary.skipped[static_cast<size_t>(SkipReason::kIdOutOfRange)], 1);
  EXPECT_EQ(into.messages.size(), 2u);
}

TEST(TelegramJson, BadTextIsMendedAndCounted) {
  Collector into;
  const auto summary = Read(
      InChat(
          "{\"id\":1,\"type\":\"message\",\"date\":\"2023-01-01T00:00:00\",\"text\":\"a\\x0Bb\"},"
          "{\"id\":2,\"type\":\"message\",\"date\":\"2023-01-01T00:00:00\",\"text\":\"a\xFF\"},"
          "{\"id\":3,\"type\":\"message\",\"date\":\"2023-01-01T00:00:00\",\"text\":\"" +
          std::string(100, 'x') + "\"}"),
      into, {.max_text = 64, .window = 64, .fallback_name = {}});
  EXPECT_EQ(into.Of(1).text, "a\vb");
  EXPECT_EQ(into.Of(2).text, "a�");
  EXPECT_EQ(into.Of(3).text, std::string(64, 'x'));
  EXPECT_EQ(Problems(summary), "repaired_text:1 text_cut:1");
}

TEST(TelegramJson, BadPlacesAreNamedByByteAndLine) {
  const auto problem = [](const std::string& text) {
    Collector into;
    const auto summary = Read(text, into);
    EXPECT_EQ(into.messages.size(), 1u);
    EXPECT_EQ(summary.problems.size(), 1u);
    return summary.problems.empty() ? ImportProblem{} : summary.problems[0];
  };
  const std::string start =
      "{\"type\":\"private_group\",\"id\":1,\n\"messages\":[\n{\"id\":1,\"type\":\"unsupported\"}";
  ImportProblem cut = problem(start + ",\n{\"id\":2,");
  EXPECT_EQ(cut.kind, ProblemKind::kTruncated);
  EXPECT_EQ(cut.byte, start.size() + 10);
  EXPECT_EQ(cut.line, 4);
  EXPECT_EQ(DescribeProblem(cut, Language::kEnglish),
            "at byte " + std::to_string(cut.byte) +
                " (line 4): the file ends too early; every whole message "
                "before that is kept");
  EXPECT_EQ(DescribeProblem(cut, Language::kRussian),
            "байт " + std::to_string(cut.byte) +
                " (строка 4): файл обрывается; все целые сообщения до этого места сохранены");
  EXPECT_EQ(ProblemNamed("truncated"), ProblemKind::kTruncated);
  EXPECT_EQ(ProblemNamed("text_cut"), ProblemKind::kTextCut);
  EXPECT_EQ(ProblemNamed("hologram"), std::nullopt);
  const ImportProblem wrong = problem(start + ",\n{oops}]}");
  EXPECT_EQ(wrong.kind, ProblemKind::kMalformed);
  EXPECT_EQ(wrong.byte, start.size() + 3);
  const ImportProblem deep = problem(start + ",{\"id\":2,\"x\":" + std::string(1000, '['));
  EXPECT_EQ(deep.kind, ProblemKind::kTooDeep);
  const ImportProblem more = problem(start + "]}\n{}");
  EXPECT_EQ(more.kind, ProblemKind::kTrailingData);
  EXPECT_EQ(more.line, 4);
}

// Messages of all shapes, each with its end in the file.
struct Written {
  std::string text;
  std::vector<size_t> ends;
};
Written WriteSome(bool header_first) {
  Written written;
  const std::string header = R"("name":"Двор","type":"private_supergroup","id":77)";
  written.text = "{" + (header_first ? header + "," : "") + "\n\"messages\":[";
  for (int id = 1; id <= 12; ++id) {
    nlohmann::json message = {{"id", id},
                              {"type", id % 5 == 0 ? "service" : "message"},
                              {"date", "2023-01-01T00:00:00"},
                              {"from", id % 3 == 0 ? nlohmann::json() : nlohmann::json("Лена 😀")},
                              {"from_id", "user1"},
                              {"reply_to_message_id", id - 1},
                              {"text_entities", nlohmann::json::array()}};
    if (id % 4 == 0) {
      message["text"] = {"a\n", {{"type", "link"}, {"text", "https://example.org"}}};
    } else {
      message["text"] = "текст \"в кавычках\" \\ 😀";
    }
    if (id > 1) written.text += ",";
    written.text += message.dump(id % 2 == 0 ? 1 : -1, ' ', id % 3 == 0);
    written.ends.push_back(written.text.size());
  }
  written.text += "]";
  if (!header_first) written.text += "," + header;
  written.text += "}";
  return written;
}

TEST(TelegramJson, CutAnywhereKeepsEveryWholeMessage) {
  for (const bool header_first : {true, false}) {
    const Written written = WriteSome(header_first);
    for (size_t size = 0; size <= written.text.size(); ++size) {
      const std::string cut = written.text.substr(0, size);
      for (const size_t window : {64u, 4096u}) {
        Collector into;
        const auto summary =
            Read(cut, into, {.max_text = 1000, .window = window, .fallback_name = "f"});
        const auto whole = static_cast<size_t>(std::count_if(
            written.ends.begin(), written.ends.end(), [&](size_t end) { return end <= size; }));
        ASSERT_EQ(into.messages.size(), whole) << "cut at " << size;
        ASSERT_EQ(summary.messages, static_cast<int64_t>(whole));
        const bool complete = size == written.text.size();
        size_t truncated = 0;
        for (const ImportProblem& problem : summary.problems) {
          truncated += problem.kind == ProblemKind::kTruncated && problem.byte == size;
        }
        ASSERT_EQ(truncated, complete ? 0u : 1u) << "cut at " << size << ": " << Problems(summary);
      }
    }
  }
}

TEST(TelegramJson, MemoryIsBoundedByTheBatch) {
  class Watching : public BatchSink {
   public:
    std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override {
      if (full == nullptr) return std::make_unique<MessageBatch>();
      messages += full->messages.size();
      largest = std::max(largest, full->arena.size());
      ++batches;
      full->Clear();
      return full;
    }
    size_t messages = 0, largest = 0, batches = 0;
  } sink;
  std::string messages;
  for (int id = 1; id <= 3000; ++id) {
    messages += (id > 1 ? "," : "") + std::string(R"({"id":)") + std::to_string(id) +
                R"(,"type":"message","date":"2023-01-01T00:00:00","text":")" +
                std::string(1000, 'x') + "\"}";
  }
  const std::string text = InChat(messages);
  MemorySource source(text);
  ASSERT_TRUE(ReadTelegramJson(source, {}, sink));
  EXPECT_EQ(sink.messages, 3000u);
  EXPECT_LT(sink.largest, 600u * 1024);
  EXPECT_GT(sink.batches, 4u);
}

TEST(TelegramJson, ASinkThatHasEnoughEndsIt) {
  class Enough : public BatchSink {
   public:
    std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override {
      return full == nullptr ? std::make_unique<MessageBatch>() : nullptr;
    }
  } sink;
  std::string messages = R"({"id":0,"type":"unsupported"})";
  for (int id = 1; id <= 5000; ++id) {
    messages += R"(,{"id":)" + std::to_string(id) + R"(,"type":"unsupported"})";
  }
  const std::string text = InChat(messages);
  MemorySource source(text);
  const auto summary = ReadTelegramJson(source, {}, sink);
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->cancelled);
}

TEST(TelegramJson, SniffsByContent) {
  const auto sniff = [](const std::string& text) {
    MemorySource source(text);
    return SniffTelegramJson(source) == TelegramSniff::kYes;
  };
  EXPECT_TRUE(sniff(InChat("")));
  EXPECT_TRUE(sniff(InChat(R"({"id":1,"type":"unsupported"})")));
  EXPECT_TRUE(sniff(R"({"messages":[{"id":1,"type":"message"}])"));
  EXPECT_TRUE(sniff(R"({"messages":[{"from_id":"user1")"));
  EXPECT_TRUE(sniff(R"({"messages":[],"type":"private_group","id":1})"));
  EXPECT_TRUE(sniff(R"({"about":"x","chats":{"about":"y","list":[)"));
  EXPECT_TRUE(sniff(R"({"about":"x","left_chats":{)"));
  EXPECT_TRUE(sniff(R"({"about":"x","personal_information":{"user_id":1}})"));
  EXPECT_TRUE(sniff(R"({"name":"x","type":"personal_chat","id":5,"mess)"));
  EXPECT_FALSE(sniff(""));
  EXPECT_FALSE(sniff("[]"));
  EXPECT_FALSE(sniff("{}"));
  EXPECT_FALSE(sniff(R"({"name":"package","version":"1"})"));
  // Exports of others with messages of their own.
  EXPECT_FALSE(sniff(R"({"guild":{},"channel":{},"messages":[{"id":"1","type":"Default"}]})"));
  EXPECT_FALSE(
      sniff(R"({"room_name":"r","messages":[{"type":"m.room.message","event_id":"$1"}]})"));
  EXPECT_FALSE(sniff(R"({"participants":[],"messages":[{"sender_name":"a","content":"b"}]})"));
  EXPECT_FALSE(sniff(R"({"messages":[{"role":"user","content":"b"}]})"));
  EXPECT_FALSE(sniff(R"({"chats":[1,2]})"));
}

}  // namespace
}  // namespace idiolect
