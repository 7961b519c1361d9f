#include "serve/multipart.h"

#include <gtest/gtest.h>

#include <vector>

namespace idiolect {
namespace {

struct Got {
  std::string name, filename, bytes;
  bool is_file = false, ended = false;
  bool operator==(const Got&) const = default;
};

// The fields of a body that comes in pieces of `step` bytes; the error's message on failure.
tl::expected<std::vector<Got>, std::string> Read(std::string_view body, size_t step) {
  std::vector<Got> fields;
  MultipartReader reader(
      "xyz", {[&](const MultipartField& field) -> Status {
                fields.push_back({field.name, field.filename, "", field.is_file, false});
                return {};
              },
              [&](std::string_view bytes) -> Status {
                fields.back().bytes += bytes;
                return {};
              },
              [&]() -> Status {
                fields.back().ended = true;
                return {};
              }});
  for (size_t at = 0; at < body.size(); at += step) {
    if (auto added = reader.Add(body.substr(at, step)); !added) {
      return tl::unexpected<std::string>(added.error().message);
    }
  }
  if (auto finished = reader.Finish(); !finished) {
    return tl::unexpected<std::string>(finished.error().message);
  }
  return fields;
}

constexpr std::string_view kBody =
    "--xyz\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n"
    "--xyz\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
    "--xyz  \r\ncontent-type: text/jsonl\r\nCONTENT-DISPOSITION: form-data; name=file; "
    "filename=\"a \\\"b\\\".jsonl\"\r\n\r\n{}\r\n--xy\r\n\r\n--xyz--\r\nepilogue";

TEST(Multipart, ReadsFieldsWhateverThePieces) {
  const std::vector<Got> expected = {{"purpose", "", "fine-tune", false, true},
                                     {"empty", "", "", false, true},
                                     {"file", "a \"b\".jsonl", "{}\r\n--xy\r\n", true, true}};
  for (size_t step = 1; step <= kBody.size(); ++step) {
    const auto fields = Read(kBody, step);
    ASSERT_TRUE(fields) << fields.error() << " at " << step;
    ASSERT_EQ(*fields, expected) << step;
  }
}

TEST(Multipart, RefusesWhatIsCutOrMalformed) {
  EXPECT_EQ(Read(kBody.substr(0, kBody.size() - 14), 7).error(),
            "reading the multipart form: it ends before its last boundary");
  EXPECT_EQ(Read(std::string(20'000, 'x'), 999).error(),
            "reading the multipart form: no boundary at its start");
  EXPECT_EQ(Read("--xyz\r\nX: 1\r\n\r\n\r\n--xyz--", 5).error(),
            "reading the multipart form: a field has no name");
  EXPECT_EQ(Read("--xyzzy\r\n\r\n", 5).error(),
            "reading the multipart form: text after a boundary");
  EXPECT_EQ(Read("--xyz\r\n" + std::string(20'000, 'h'), 999).error(),
            "reading the multipart form: the headers of a field are long");
}

TEST(Multipart, FindsTheBoundary) {
  EXPECT_EQ(MultipartBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(MultipartBoundary("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\""), "a b");
  EXPECT_EQ(MultipartBoundary("multipart/form-data"), "");
  EXPECT_EQ(MultipartBoundary("application/json; boundary=abc"), "");
  EXPECT_EQ(MultipartBoundary("multipart/form-data; boundary=" + std::string(71, 'b')), "");
}

}  // namespace
}  // namespace idiolect
