#pragma once
// For tests: pieces of exports in both formats, and a workspace to import them into.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/progress.h"
#include "importer/importer.h"
#include "store/database.h"
#include "store/messages.h"
#include "store/workspace.h"

namespace idiolect {

inline std::string Page(const std::string& messages, const std::string& name = "Двор &amp; дом") {
  return "<!DOCTYPE html>\n<html>\n <body><div class=\"page_wrap\"><div class=\"page_header\">"
         "<div class=\"content\"><div class=\"text bold\">\n" +
         name + "\n</div></div></div><div class=\"page_body chat_page\"><div class=\"history\">\n" +
         messages + "</div></div></div></body>\n</html>\n";
}
inline std::string Block(int64_t id, const std::string& author, const std::string& body,
                         const std::string& date = "07.12.2018 15:12:12 UTC+04:00") {
  return "     <div class=\"message default clearfix" +
         std::string(author.empty() ? " joined" : "") + "\" id=\"message" + std::to_string(id) +
         "\">\n\n      <div class=\"body\">\n\n       <div class=\"pull_right date details\" "
         "title=\"" +
         date + "\">\n15:12\n       </div>\n\n" +
         (author.empty() ? ""
                         : "       <div class=\"from_name\">\n" + author + "\n       </div>\n") +
         body + "\n      </div>\n\n     </div>\n\n";
}
inline std::string Words(const std::string& text) {
  return "       <div class=\"text\">\n" + text + "\n       </div>\n";
}
inline std::string Reply(const std::string& words) {
  return "       <div class=\"reply_to details\">\n" + words + "\n       </div>\n";
}
inline std::string ReplyTo(int64_t id, const std::string& page = "") {
  return Reply("In reply to <a href=\"" + page + "#go_to_message" + std::to_string(id) +
               "\">this message</a>");
}
inline std::string Service(int64_t id, const std::string& sentence) {
  return "<div class=\"message service\" id=\"message" + std::to_string(id) +
         "\">\n<div class=\"body details\">\n" + sentence + "\n</div>\n</div>\n";
}

// Of a JSON export. The date is that of Block, in seconds.
inline std::string JsonMessage(int64_t id, const std::string& name, const std::string& from_id,
                               const std::string& text, const std::string& more = "") {
  return R"({"id":)" + std::to_string(id) +
         R"(,"type":"message","date_unixtime":"1544181132","from":)" + nlohmann::json(name).dump() +
         R"(,"from_id":")" + from_id + R"(","text":)" + nlohmann::json(text).dump() + more + "}";
}
inline std::string JsonChat(const std::vector<std::string>& messages,
                            const std::string& name = "Двор & дом", int64_t id = 5,
                            const std::string& type = "private_supergroup") {
  std::string text = R"({"name":)" + nlohmann::json(name).dump() + R"(,"type":")" + type +
                     R"(","id":)" + std::to_string(id) + R"(,"messages":[)";
  for (size_t i = 0; i < messages.size(); ++i) text += (i > 0 ? ",\n" : "\n") + messages[i];
  return text + "\n]}";
}

class ImportFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "idiolect-in-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    workspace_ = *Workspace::Open(folder_ / "workspace");
  }
  void TearDown() override {
    workspace_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  Result<ImportReport> Import(const std::filesystem::path& name) {
    NoProgress progress;
    return ImportPaths(*workspace_, {folder_ / name}, {}, progress, Interrupt());
  }
  Database& database() { return workspace_->database(); }
  size_t Chats() { return ListChats(database())->size(); }
  // "id:text by SOURCE_ID" of every message.
  std::vector<std::string> Messages() {
    std::vector<std::string> lines;
    auto query = database().Prepare(
        "SELECT m.id, m.text, coalesce(p.source_id, '-') FROM messages m LEFT JOIN people p ON "
        "p.id=m.author ORDER BY m.id");
    while (*query->Step()) {
      lines.push_back(std::to_string(SourceIdOfMessage(query->Integer(0))) + ":" +
                      std::string(query->Text(1)) + " by " + std::string(query->Text(2)));
    }
    return lines;
  }
  // "SOURCE_ID MESSAGES name, name" of everybody, also who wrote nothing; by source id. The counts
  // by name must agree with the messages themselves.
  std::vector<std::string> People() {
    std::vector<std::string> lines;
    auto counted = *ListPeople(database());
    const auto people = *ListPeopleByName(database());
    for (const PersonSummary& person : people) {
      std::string line = person.source_id + " " + std::to_string(person.messages);
      for (const PersonName& name : person.names) line += " " + name.name;
      int64_t wrote = 0;
      for (const PersonSummary& other : counted) {
        if (other.id == person.id) wrote = other.messages;
      }
      EXPECT_EQ(wrote, person.messages) << line;
      lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace idiolect
