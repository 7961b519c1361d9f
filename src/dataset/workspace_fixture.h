#pragma once
// For tests: a workspace in a temporary folder, filled from chat scripts.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "dataset/build.h"
#include "dialogs/conversation_fixture.h"
#include "store/messages.h"
#include "store/samples.h"

namespace idiolect {

class FixedClock : public Clock {
 public:
  int64_t UnixSeconds() const override { return 1'700'000'000; }
};

class TestWorkspace {
 public:
  TestWorkspace() {
    std::string name = (std::filesystem::temp_directory_path() / "idiolect-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    Reopen();
  }
  ~TestWorkspace() {
    workspace_.reset();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  void Close() { workspace_.reset(); }
  void Reopen() {
    workspace_.reset();
    auto workspace = Workspace::Open(folder_);
    EXPECT_TRUE(workspace) << workspace.error().message;
    workspace_ = *std::move(workspace);
  }

  Workspace& operator*() { return *workspace_; }
  Database& database() { return workspace_->database(); }
  std::filesystem::path datasets() const { return workspace_->datasets_folder(); }

  // People get the ids 1, 2, … in the order of `names`; the scripts' chats must have the ids 1, 2,
  // ….
  void Fill(const std::vector<std::string>& names, const std::vector<const ChatScript*>& chats) {
    auto writer = MessageWriter::Begin(database());
    ASSERT_TRUE(writer);
    for (size_t i = 0; i < names.size(); ++i) {
      const auto id = (*writer)->AddPerson("telegram:user" + std::to_string(i + 1), names[i]);
      ASSERT_TRUE(id);
      ASSERT_EQ(*id, static_cast<PersonId>(i + 1));
    }
    for (const ChatScript* script : chats) {
      const auto chat = (*writer)->AddChat(script->chat());
      ASSERT_TRUE(chat);
      ASSERT_EQ(*chat, script->chat().id);
      for (const MessageView& message : script->messages()) {
        ASSERT_TRUE((*writer)->Add(message));
      }
    }
    ASSERT_TRUE((*writer)->Commit());
  }

  Result<BuildSummary> Build(PersonId persona, const BuildOptions& options = {}) {
    NoProgress progress;
    const Interrupt interrupt;
    return BuildDataset(*workspace_, persona, options, FixedClock(), progress, interrupt);
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<Workspace> workspace_;
};

inline std::vector<std::string> LinesOf(const std::filesystem::path& file) {
  const auto bytes = ReadFile(file);
  EXPECT_TRUE(bytes) << file;
  std::vector<std::string> lines;
  if (!bytes) return lines;
  for (const std::string_view line : SplitLines(*bytes)) lines.emplace_back(line);
  return lines;
}

// "user: … | assistant(0): … | assistant: …" of one line, without the system prompt.
inline std::string Told(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  std::string told;
  if (!json.is_object()) return "not JSON: " + line;
  for (const auto& message : json["messages"]) {
    const std::string role = message["role"];
    if (role == "system") continue;
    told += (told.empty() ? "" : " | ") + role + (message.contains("weight") ? "(0)" : "") + ": " +
            message["content"].get<std::string>();
  }
  return told;
}

// All lines of a dataset, told: train, valid, test.
inline std::vector<std::string> ToldLines(const std::filesystem::path& folder) {
  std::vector<std::string> told;
  for (const char* split : {"train", "valid", "test"}) {
    for (const std::string& line : LinesOf(folder / (std::string(split) + ".jsonl"))) {
      told.push_back(Told(line));
    }
  }
  return told;
}

}  // namespace idiolect
