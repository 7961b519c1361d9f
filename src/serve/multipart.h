#pragma once
// Reads a multipart/form-data body (RFC 7578) as it comes in, in pieces of any size: text fields
// into memory, file fields to the disk, so that an upload of half a gigabyte costs no memory.
// Thread-compatible.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace idiolect {

// The boundary of a Content-Type header; empty when it is no multipart form or has none (RFC 2046:
// at most 70 characters).
std::string MultipartBoundary(std::string_view content_type);

struct MultipartField {
  std::string name;
  std::string filename;
  bool is_file = false;  // it has a filename
};

class MultipartReader {
 public:
  struct Sink {
    std::function<Status(const MultipartField&)> begin;
    std::function<Status(std::string_view bytes)> data;
    std::function<Status()> end;
  };
  MultipartReader(std::string boundary, Sink sink);

  // kBadInput when the body is not what it should be; what the sink fails with otherwise.
  Status Add(std::string_view bytes);
  // To be called at the end of the body: kBadInput when it was cut short.
  Status Finish() const;

 private:
  enum class State { kPreamble, kAfterBoundary, kHeaders, kData, kDone };

  Status Step(bool* more);
  Status ReadHeaders(std::string_view block);

  const std::string delimiter_;  // "\r\n--boundary"
  Sink sink_;
  State state_ = State::kPreamble;
  std::string pending_;  // bytes not yet understood; below 8 KiB outside data
};

}  // namespace idiolect
