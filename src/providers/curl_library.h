#pragma once
// libcurl, loaded when the first byte must come over the network and not before: it brings some
// forty libraries with it (TLS, Kerberos, LDAP …), whose loading alone is half of what `idiolect
// --help` takes. Only `providers` includes this.

#include <curl/curl.h>

#include "base/result.h"

namespace idiolect {

// The functions we use, under their own names without the prefix. Thread-safe once loaded.
struct CurlLibrary {
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

// Loads it at the first call; it stays until the process ends. kFailed says what to install.
Result<const CurlLibrary*> LoadCurl();

}  // namespace idiolect
