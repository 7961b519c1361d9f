// Exports inside archives, and archives that no export would be.

#include <archive.h>
#include <archive_entry.h>

#include "importer/archive_tree.h"
#include "importer/import_fixture.h"

namespace idiolect {
namespace {

struct Entry {
  std::string path, bytes;
  const char* link = nullptr;
  unsigned type = AE_IFREG;
};

enum class Kind { kZip, kTarGz, kTarXz, k7z, kTar };

std::string MakeArchive(Kind kind, const std::vector<Entry>& entries) {
  archive* out = archive_write_new();
  if (kind == Kind::kZip) archive_write_set_format_zip(out);
  if (kind == Kind::k7z) archive_write_set_format_7zip(out);
  if (kind == Kind::kTarGz || kind == Kind::kTarXz || kind == Kind::kTar) {
    archive_write_set_format_pax_restricted(out);
  }
  if (kind == Kind::kTarGz) archive_write_add_filter_gzip(out);
  if (kind == Kind::kTarXz) archive_write_add_filter_xz(out);
  std::string bytes(64 * 1024 * 1024, '\0');
  size_t used = 0;
  archive_write_set_bytes_per_block(out, 512);
  EXPECT_EQ(archive_write_open_memory(out, bytes.data(), bytes.size(), &used), ARCHIVE_OK);
  for (const Entry& entry : entries) {
    archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.path.c_str());
    archive_entry_set_filetype(header, entry.type);
    archive_entry_set_perm(header, 0644);
    archive_entry_set_size(header, static_cast<int64_t>(entry.bytes.size()));
    if (entry.link != nullptr && entry.type == AE_IFLNK)
      archive_entry_set_symlink(header, entry.link);
    if (entry.link != nullptr && entry.type == AE_IFREG)
      archive_entry_set_hardlink(header, entry.link);
    EXPECT_EQ(archive_write_header(out, header), ARCHIVE_OK) << archive_error_string(out);
    if (!entry.bytes.empty()) archive_write_data(out, entry.bytes.data(), entry.bytes.size());
    archive_entry_free(header);
  }
  EXPECT_EQ(archive_write_close(out), ARCHIVE_OK);
  archive_write_free(out);
  bytes.resize(used);
  return bytes;
}

class ArchiveImport : public ImportFixture {
 protected:
  std::string ErrorOf(const std::string& name) {
    const auto report = Import(name);
    EXPECT_FALSE(report) << name;
    if (report) return "";
    EXPECT_FALSE(report.error().hint.empty());
    const std::string start = "reading the archive " + (folder_ / name).string() + ": ";
    std::string message = report.error().message;
    return message.starts_with(start) ? message.substr(start.size()) : message;
  }
};

// An account in both formats, a chat of pages in bad order, and things that are none.
std::vector<Entry> Account() {
  std::vector<Entry> entries = {
      {"DataExport/lists/chats.html",
       "<div class=\"entry_list\"><a class=\"entry block_link clearfix\" "
       "href=\"../chats/chat_001/messages.html#allow_back\"><div class=\"body\"><div "
       "class=\"name bold\">\nЛена\n</div><div class=\"details_entry details\">\nprivate\n</div>"
       "</div></a><a class=\"entry block_link clearfix\" "
       "href=\"../chats/chat_002/messages.html#allow_back\"><div class=\"name bold\">Вести</div>"
       "<div class=\"details_entry details\">channel</div></a></div>"},
      {"DataExport/chats/chat_001/files/photo.jpg", "x"},
      {"DataExport/chats/chat_002/messages.html", Page(Block(1, "Вести", Words("пост")), "Вести")},
      {"DataExport/style.css", "x"}};
  for (const int page : {10, 3, 1, 12, 2, 11, 4, 9, 5, 8, 6, 7}) {
    entries.push_back(
        {"DataExport/chats/chat_001/messages" + (page == 1 ? "" : std::to_string(page)) + ".html",
         Page(Block(page, page == 1 ? "Лена" : "", Words("x")), "Лена")});
  }
  return entries;
}

TEST_F(ArchiveImport, EveryFormatGivesTheSame) {
  std::vector<std::string> expected;
  for (const auto& [name, kind] :
       std::vector<std::pair<std::string, Kind>>{{"a.tar", Kind::kTar},
                                                 {"a.zip", Kind::kZip},
                                                 {"a.tar.gz", Kind::kTarGz},
                                                 {"a.tar.xz", Kind::kTarXz},
                                                 {"a.7z", Kind::k7z}}) {
    workspace_ = *Workspace::Open(folder_ / ("workspace of " + name));
    Write(name, MakeArchive(kind, Account()));
    const auto report = Import(name);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->files.size(), 2u);
    EXPECT_EQ(report->other_files, 3);
    EXPECT_EQ(report->files[1].path, folder_ / name / "DataExport/chats/chat_001/messages.html");
    EXPECT_EQ(report->files[1].new_messages, 12);
    EXPECT_EQ(report->files[1].problems.size(), 1u) << "joined blocks need pages in order";
    const auto chats = *ListChats(database());
    ASSERT_EQ(chats.size(), 2u);
    EXPECT_EQ(chats[0].kind, ChatKind::kChannel);
    EXPECT_EQ(chats[1].kind, ChatKind::kPrivate);
    if (expected.empty()) expected = Messages();
    EXPECT_EQ(Messages(), expected);
    EXPECT_EQ(expected.back(), "12:x by telegram-html:Лена");
  }
}

TEST_F(ArchiveImport, JsonWhoseHeaderComesLastIsReadTwice) {
  std::string messages;
  for (int id = 1; id <= 3000; ++id) {
    messages += (id > 1 ? "," : "") + JsonMessage(id, "Лена", "user1", "слово");
  }
  const std::string json = R"({"messages":[)" + messages + R"(],"type":"private_group","id":3})";
  Write("a.tar.gz",
        MakeArchive(Kind::kTarGz,
                    {{"other.txt", "x"}, {"e/result.json", json}, {"e/files/sent.json", "{}"}}));
  const auto report = Import("a.tar.gz");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->Totals().new_messages, 3000);
  EXPECT_EQ(ListChats(database())->at(0).source_id, "chat3");
}

TEST_F(ArchiveImport, WhatLeadsElsewhereIsRefused) {
  const std::string json = JsonChat({JsonMessage(1, "Лена", "user1", "x")});
  for (const char* path : {"../result.json", "a/../../result.json", "/etc/result.json",
                           "..\\result.json", "C:/result.json"}) {
    Write("a.tar", MakeArchive(Kind::kTar, {{"result.json", json}, {path, json}}));
    EXPECT_EQ(ErrorOf("a.tar"), "\"" + std::string(path) + "\" leads out of the archive");
  }
  Write("l.tar", MakeArchive(Kind::kTar, {{"result.json", "", "/etc/passwd", AE_IFLNK}}));
  EXPECT_EQ(ErrorOf("l.tar"), "\"result.json\" is a link, which no export holds");
  Write("h.tar", MakeArchive(Kind::kTar, {{"result.json", json}, {"b.json", "", "result.json"}}));
  EXPECT_EQ(ErrorOf("h.tar"), "\"b.json\" is a link, which no export holds");
  Write("f.tar", MakeArchive(Kind::kTar, {{"result.json", "", nullptr, AE_IFIFO}}));
  EXPECT_EQ(ErrorOf("f.tar"), "\"result.json\" is neither a file nor a folder");
  EXPECT_EQ(Chats(), 0u);
}

TEST_F(ArchiveImport, BombsAreRefused) {
  // 80 MB of blanks in a string: 80 kB of gzip, 12 kB of xz.
  const std::string json = R"({"name":")" + std::string(100'000'000, ' ') + "\"}";
  for (const Kind kind : {Kind::kTarXz, Kind::kZip}) {
    Write("bomb", MakeArchive(kind, {{"result.json", json}}));
    ASSERT_LT(std::filesystem::file_size(folder_ / "bomb"), 150'000u);
    EXPECT_EQ(ErrorOf("bomb"),
              "it unpacks to more than 250 times its size, as archives do that are made to fill "
              "disks");
  }
}

// A zip of one stored file that claims to hold `claimed` bytes.
std::string LyingZip(const std::string& name, const std::string& bytes, uint32_t claimed) {
  const auto number = [](uint64_t value, int size) {
    std::string out;
    for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
  };
  uint32_t crc = 0xffffffffu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  const std::string facts = number(0, 2) + number(0, 2) + number(0, 4) + number(~crc, 4) +
                            number(bytes.size(), 4) + number(claimed, 4) + number(name.size(), 2) +
                            number(0, 2);
  const std::string local = "PK\x03\x04" + number(20, 2) + facts + name + bytes;
  const std::string central =
      "PK\x01\x02" + number(20, 2) + number(20, 2) + facts + std::string(14, '\0') + name;
  return local + central + "PK\x05\x06" + number(0, 4) + number(1, 2) + number(1, 2) +
         number(central.size(), 4) + number(local.size(), 4) + number(0, 2);
}

TEST_F(ArchiveImport, LyingSizesAreRefused) {
  const std::string json = JsonChat({JsonMessage(1, "Лена", "user1", std::string(200'000, 'x'))});
  Write("true.zip", LyingZip("result.json", json, static_cast<uint32_t>(json.size())));
  EXPECT_TRUE(Import("true.zip"));
  workspace_ = *Workspace::Open(folder_ / "other");
  for (const uint32_t claimed : {10u, 300'000u, 4'000'000'000u}) {
    Write("lying.zip", LyingZip("result.json", json, claimed));
    const std::string error = ErrorOf("lying.zip");
    EXPECT_TRUE(error.find("than the archive says") != std::string::npos ||
                error.find("250 times its size") != std::string::npos ||
                error.find("damaged") != std::string::npos)
        << error;
  }
  EXPECT_EQ(Chats(), 0u);
}

TEST_F(ArchiveImport, OtherArchivesSayWhatTheyAre) {
  const std::string inner =
      MakeArchive(Kind::kZip, {{"result.json", JsonChat({JsonMessage(1, "Лена", "user1", "x")})}});
  Write("nested.zip", MakeArchive(Kind::kZip, {{"a/export.zip", inner}}));
  EXPECT_EQ(ErrorOf("nested.zip"),
            "importing " + (folder_ / "nested.zip").string() +
                ": it holds another archive, \"a/export.zip\", and no export");
  Write("none.zip", MakeArchive(Kind::kZip, {{"notes.txt", "x"}}));
  EXPECT_EQ(ErrorOf("none.zip"),
            "importing " + (folder_ / "none.zip").string() + ": it holds no chat export");
  Write("twice.tar", MakeArchive(Kind::kTar, {{"result.json", "{}"}, {"./result.json", "{}"}}));
  EXPECT_EQ(ErrorOf("twice.tar"), "it holds \"result.json\" twice");
  std::string zip = inner;
  // General purpose bit 0 of both headers: encrypted.
  zip[6] = static_cast<char>(zip[6] | 1);
  const size_t at = zip.rfind("PK\x01\x02");
  zip[at + 8] = static_cast<char>(zip[at + 8] | 1);
  Write("encrypted.zip", zip);
  EXPECT_EQ(ErrorOf("encrypted.zip"), "it is encrypted");
}

TEST_F(ArchiveImport, CutOffAnywhereIsOneError) {
  for (const Kind kind : {Kind::kZip, Kind::kTarGz, Kind::kTarXz, Kind::k7z}) {
    std::string whole = MakeArchive(kind, Account());
    // Behind the files of a zip there is only its table of contents, which can be done without.
    if (kind == Kind::kZip) whole.resize(whole.find("PK\x01\x02"));
    for (size_t size = 600; size < whole.size() - 64; size += whole.size() / 7) {
      Write("cut", whole.substr(0, size));
      EXPECT_FALSE(ErrorOf("cut").empty());
    }
  }
  EXPECT_EQ(Chats(), 0u);
}

TEST_F(ArchiveImport, ACheckWritesNothing) {
  Write("a.tar.gz", MakeArchive(Kind::kTarGz, Account()));
  NoProgress progress;
  const auto report = CheckPaths({folder_ / "a.tar.gz"}, {}, progress, Interrupt());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->Totals().messages, 13);
  EXPECT_EQ(report->contents.people, 2);
  const auto json = nlohmann::json::parse(report->ToJson());
  EXPECT_EQ(json["files"][0]["checked"], true);
  EXPECT_FALSE(json["totals"].contains("new_messages"));
  EXPECT_EQ(Chats(), 0u);
}

}  // namespace
}  // namespace idiolect
