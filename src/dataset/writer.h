#pragma once
// A dataset's folder: its lines (compose.h), manifest.json and README.md, written beside under
// a hidden name, synced, and renamed to its own name in one step. So a folder below datasets/ is
// always whole, however a build ends.

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "dataset/compose.h"

namespace idiolect {

struct WrittenFile {
  std::string name;  // "train.jsonl"
  int64_t lines = 0;
  int64_t bytes = 0;
  std::string sha256;
};

// Hashing and writing happen on a second thread. Thread-compatible: one thread calls it.
class DatasetWriter {
 public:
  // Removes what killed builds left in `datasets`, and begins a new folder there. One build at a
  // time may work in a workspace; the caller's write transaction sees to that.
  static Result<std::unique_ptr<DatasetWriter>> Create(const std::filesystem::path& datasets);
  // Removes everything that was not published.
  ~DatasetWriter();

  // Whole lines, their newlines included.
  Status AddLines(DatasetFile file, std::string_view text, int64_t lines);
  // No more lines: lets the second thread sync the files while the caller does something else.
  Status EndLines();
  // Waits until all lines are on disk. By DatasetFile.
  Result<std::array<WrittenFile, kDatasetFiles>> Files();
  // Adds the manifest and the card (README.md) and gives the folder its name below `datasets`. Call
  // after Files().
  Status Publish(const std::string& name, const std::string& manifest, const std::string& card);
  // `name`, or `name`-2 … when there is such a folder already.
  std::string FreeName(const std::string& name) const;
  // Of the lines of all parts so far.
  int64_t bytes() const { return bytes_; }
  // Takes back a published folder, when what should follow it failed.
  void Withdraw();

 private:
  struct Block {
    DatasetFile file = DatasetFile::kTrain;
    std::string bytes;
    bool last = false;
  };
  struct File;

  explicit DatasetWriter(const std::filesystem::path& datasets);
  Status Hand(DatasetFile file);
  void Push(Block block);
  void WriteBlocks();
  Status WriteBlock(File& file, const std::string& bytes);
  Status SyncFiles();

  const std::filesystem::path datasets_;
  std::filesystem::path folder_;     // the unfinished one; empty once published
  std::filesystem::path published_;  // empty before
  std::array<std::unique_ptr<File>, kDatasetFiles> files_;
  std::array<std::string, kDatasetFiles> pending_;
  int64_t bytes_ = 0;
  std::atomic<bool> ended_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> queue_;         // guarded by mutex_
  std::vector<std::string> spare_;  // guarded by mutex_
  Status write_status_;             // guarded by mutex_
  std::thread thread_;
};

}  // namespace idiolect
