#include "serve/form_receiver.h"

#include <cstdio>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "serve/ids.h"
#include "serve/multipart.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostTextBytes = 64 << 10;
constexpr size_t kMostFields = 64;

class Receiver : public FormReceiver {
 public:
  Receiver(std::string boundary, fs::path folder, IncomingRequest* request)
      : folder_(std::move(folder)),
        request_(request),
        reader_(std::move(boundary), {[this](const MultipartField& field) { return Begin(field); },
                                      [this](std::string_view bytes) { return Data(bytes); },
                                      [this] { return End(); }}) {}
  ~Receiver() override {
    if (file_ != nullptr) {
      std::fclose(file_);
      std::error_code ignored;
      fs::remove(received_.path, ignored);
    }
  }

  Status Add(std::string_view bytes) override { return reader_.Add(bytes); }
  Status Finish() override { return reader_.Finish(); }

 private:
  Status Begin(const MultipartField& field) {
    if (request_->form.size() + request_->files.size() >= kMostFields) {
      return Fail(ErrorKind::kBadInput, "reading the multipart form: too many fields");
    }
    name_ = field.name;
    if (!field.is_file) {
      text_.clear();
      return {};
    }
    if (request_->files.contains(name_)) {
      return Fail(ErrorKind::kBadInput, "reading the multipart form: two files for one field");
    }
    received_ = ReceivedFile();
    received_.filename = field.filename;
    received_.path = folder_ / ("incoming-" + RandomId(24));
    file_ = std::fopen(received_.path.c_str(), "wbx");
    if (file_ == nullptr) {
      return Fail(ErrorKind::kFailed, "writing an upload: it could not be opened");
    }
    sha_ = Sha256();
    return {};
  }
  Status Data(std::string_view bytes) {
    if (file_ == nullptr) {
      if (text_.size() + bytes.size() > kMostTextBytes) {
        return Fail(ErrorKind::kBadInput, "reading the multipart form: a text field is too long");
      }
      text_ += bytes;
      return {};
    }
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
      return Fail(ErrorKind::kFailed, "writing an upload: the disk may be full");
    }
    sha_.Add(bytes);
    received_.bytes += static_cast<int64_t>(bytes.size());
    return {};
  }
  Status End() {
    if (file_ == nullptr) {
      request_->form[name_] = std::move(text_);
      text_.clear();
      return {};
    }
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    received_.sha256 = sha_.Hex();
    request_->files[name_] = received_;
    if (!closed) return Fail(ErrorKind::kFailed, "writing an upload: the disk may be full");
    return {};
  }

  const fs::path folder_;
  IncomingRequest* request_;
  std::string name_, text_;
  ReceivedFile received_;
  std::FILE* file_ = nullptr;
  Sha256 sha_;
  MultipartReader reader_;
};

}  // namespace

Result<std::unique_ptr<FormReceiver>> FormReceiver::Create(const std::string& content_type,
                                                           const fs::path& folder,
                                                           IncomingRequest* request) {
  std::string boundary = MultipartBoundary(content_type);
  if (boundary.empty()) {
    return Fail(ErrorKind::kBadInput, "the body must be multipart/form-data with a boundary");
  }
  return std::unique_ptr<FormReceiver>(
      std::make_unique<Receiver>(std::move(boundary), folder, request));
}

}  // namespace idiolect
