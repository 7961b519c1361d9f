#include "providers/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace idiolect {
namespace {

template <typename Function>
bool Find(void* module, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(::dlsym(module, name));
  return *function != nullptr;
}

Result<CurlLibrary> Open() {
  // The name that the headers of the build belong to (ABI 4 since 2006).
  void* module = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    return Fail(ErrorKind::kFailed, std::string("loading libcurl: ") + ::dlerror(),
                "install it: scripts/setup, or the package libcurl4");
  }
  CurlLibrary curl;
  decltype(&curl_global_init) global_init = nullptr;
  const bool whole = Find(module, "curl_global_init", &global_init) &&
                     Find(module, "curl_easy_init", &curl.easy_init) &&
                     Find(module, "curl_easy_cleanup", &curl.easy_cleanup) &&
                     Find(module, "curl_easy_reset", &curl.easy_reset) &&
                     Find(module, "curl_easy_setopt", &curl.easy_setopt) &&
                     Find(module, "curl_easy_perform", &curl.easy_perform) &&
                     Find(module, "curl_easy_getinfo", &curl.easy_getinfo) &&
                     Find(module, "curl_easy_strerror", &curl.easy_strerror) &&
                     Find(module, "curl_slist_append", &curl.slist_append) &&
                     Find(module, "curl_slist_free_all", &curl.slist_free_all);
  if (!whole || global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Fail(ErrorKind::kFailed, "libcurl.so.4 on this machine cannot be used",
                "install the one of the system: the package libcurl4");
  }
  return curl;
}

}  // namespace

Result<const CurlLibrary*> LoadCurl() {
  static const Result<CurlLibrary> curl = Open();
  if (!curl) return tl::unexpected<Error>(curl.error());
  return &*curl;
}

}  // namespace idiolect
