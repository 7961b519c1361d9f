#include "serve/multipart.h"

#include <algorithm>
#include <utility>

namespace idiolect {
namespace {

constexpr size_t kMostHeaderBytes = 8 << 10;

tl::unexpected<Error> Malformed(const std::string& what) {
  return Fail(ErrorKind::kBadInput, "reading the multipart form: " + what);
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `take(name, value)` for each "name=value" or "name=\"value\"" after the first semicolon.
template <typename Take>
void ForEachParameter(std::string_view header, const Take& take) {
  size_t at = header.find(';');
  while (at < header.size()) {
    ++at;
    const size_t equals = header.find_first_of("=;", at);
    if (equals == std::string_view::npos) return;
    if (header[equals] == ';') {
      at = equals;
      continue;
    }
    const std::string_view name = Trim(header.substr(at, equals - at));
    std::string value;
    at = equals + 1;
    while (at < header.size() && header[at] == ' ') ++at;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        // Browsers write a quote as %22; curl and older clients as \".
        if (header[at] == '\\' && at + 1 < header.size() &&
            (header[at + 1] == '"' || header[at + 1] == '\\')) {
          ++at;
        }
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const size_t end = std::min(header.find(';', at), header.size());
      value = Trim(header.substr(at, end - at));
      at = end;
    }
    take(name, std::move(value));
  }
}

}  // namespace

std::string MultipartBoundary(std::string_view content_type) {
  const std::string_view type = Trim(content_type.substr(0, content_type.find(';')));
  if (!SameIgnoringCase(type, "multipart/form-data")) return {};
  std::string boundary;
  ForEachParameter(content_type, [&](std::string_view name, std::string value) {
    if (boundary.empty() && SameIgnoringCase(name, "boundary")) boundary = std::move(value);
  });
  return boundary.size() > 70 ? std::string() : boundary;
}

MultipartReader::MultipartReader(std::string boundary, Sink sink)
    : delimiter_("\r\n--" + std::move(boundary)), sink_(std::move(sink)) {
  // The first boundary has no line before it; with one put there it is like all others.
  pending_ = "\r\n";
}

Status MultipartReader::Add(std::string_view bytes) {
  if (state_ == State::kDone) return {};  // an epilogue is allowed and means nothing
  pending_ += bytes;
  for (bool more = true; more;) RETURN_IF_ERROR(Step(&more));
  return {};
}

Status MultipartReader::Finish() const {
  if (state_ != State::kDone) return Malformed("it ends before its last boundary");
  return {};
}

// Does what can be done with the pending bytes; *more is false when that is nothing.
Status MultipartReader::Step(bool* more) {
  *more = false;
  switch (state_) {
    case State::kPreamble: {
      const size_t found = pending_.find(delimiter_);
      if (found == std::string::npos) {
        if (pending_.size() > kMostHeaderBytes) return Malformed("no boundary at its start");
        return {};
      }
      pending_.erase(0, found + delimiter_.size());
      state_ = State::kAfterBoundary;
      *more = true;
      return {};
    }
    case State::kAfterBoundary: {
      if (pending_.size() < 2) return {};
      if (pending_.compare(0, 2, "--") == 0) {
        state_ = State::kDone;
        pending_.clear();
        return {};
      }
      // Spaces may stand between a boundary and its line's end.
      const size_t end = pending_.find("\r\n");
      if (end == std::string::npos) {
        if (pending_.size() > 256) return Malformed("a boundary's line does not end");
        return {};
      }
      if (!Trim(std::string_view(pending_).substr(0, end)).empty()) {
        return Malformed("text after a boundary");
      }
      pending_.erase(0, end);  // keeps the line's end: headers may be none
      state_ = State::kHeaders;
      *more = true;
      return {};
    }
    case State::kHeaders: {
      const size_t end = pending_.find("\r\n\r\n");
      if (end == std::string::npos || end > kMostHeaderBytes) {
        if (pending_.size() > kMostHeaderBytes) return Malformed("the headers of a field are long");
        return {};
      }
      const std::string block = pending_.substr(0, end);
      pending_.erase(0, end + 4);
      RETURN_IF_ERROR(ReadHeaders(block));
      state_ = State::kData;
      *more = true;
      return {};
    }
    case State::kData: {
      const size_t found = pending_.find(delimiter_);
      if (found == std::string::npos) {
        // The end may be the start of a delimiter.
        if (pending_.size() >= delimiter_.size()) {
          const size_t sure = pending_.size() - delimiter_.size() + 1;
          RETURN_IF_ERROR(sink_.data(std::string_view(pending_).substr(0, sure)));
          pending_.erase(0, sure);
        }
        return {};
      }
      if (found > 0) RETURN_IF_ERROR(sink_.data(std::string_view(pending_).substr(0, found)));
      RETURN_IF_ERROR(sink_.end());
      pending_.erase(0, found + delimiter_.size());
      state_ = State::kAfterBoundary;
      *more = true;
      return {};
    }
    case State::kDone:
      return {};
  }
  return {};
}

Status MultipartReader::ReadHeaders(std::string_view block) {
  MultipartField field;
  bool named = false;
  while (!block.empty()) {
    if (block.starts_with("\r\n")) {
      block.remove_prefix(2);
      continue;
    }
    const size_t end = std::min(block.find("\r\n"), block.size());
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Malformed("a header of a field has no colon");
    if (!SameIgnoringCase(Trim(line.substr(0, colon)), "content-disposition")) continue;
    ForEachParameter(line.substr(colon + 1), [&](std::string_view name, std::string value) {
      if (SameIgnoringCase(name, "name")) {
        field.name = std::move(value);
        named = true;
      } else if (SameIgnoringCase(name, "filename")) {
        field.filename = std::move(value);
        field.is_file = true;
      }
    });
  }
  if (!named) return Malformed("a field has no name");
  return sink_.begin(field);
}

}  // namespace idiolect
