#pragma once
// Keeps a multipart form as it comes in: text fields in the request, files in a folder of ours
// under random names, hashed on the way. What was not taken when the request goes is removed.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/http.h"

namespace idiolect {

class FormReceiver {
 public:
  // `request` must outlive it. kBadInput when the content type is no multipart form.
  static Result<std::unique_ptr<FormReceiver>> Create(const std::string& content_type,
                                                      const std::filesystem::path& folder,
                                                      IncomingRequest* request);
  virtual ~FormReceiver() = default;
  // kBadInput for a malformed form, with too many or too long text fields.
  virtual Status Add(std::string_view bytes) = 0;
  virtual Status Finish() = 0;
};

}  // namespace idiolect
