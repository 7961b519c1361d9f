// Any bytes as the pages of an export (a zero byte ends a page): no crash, no endless work; every
// message accounted for; well-formed UTF-8 only; the same outcome for every size of the window; and
// a cut page gives no more than the whole.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "importer/fuzz_digest.h"
#include "importer/telegram_html.h"

namespace idiolect {
namespace {

class Pages : public HtmlPages {
 public:
  explicit Pages(std::string_view text) {
    for (size_t end = text.find('\0'); end != std::string_view::npos && pages_.size() < 8;
         end = text.find('\0')) {
      pages_.push_back(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    pages_.push_back(text);
  }
  size_t count() const override { return pages_.size(); }
  Result<std::unique_ptr<ByteSource>> Open(size_t page) override {
    return std::make_unique<MemorySource>(pages_[page]);
  }

 private:
  std::vector<std::string_view> pages_;
};

FuzzDigest Read(std::string_view text, size_t window) {
  Pages pages(text);
  FuzzDigest digest;
  const auto summary =
      ReadTelegramHtml(pages, {.max_text = 4096, .window = window, .fallback_name = "f"}, digest);
  Check(summary.has_value());
  digest.CheckAccounts(*summary);
  return digest;
}

}  // namespace
}  // namespace idiolect

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)SniffTelegramHtml(text);
  const FuzzDigest whole = Read(text, 1 << 16);
  const FuzzDigest small = Read(text, 64);
  Check(whole.messages == small.messages && whole.chats == small.chats);
  const FuzzDigest half = Read(text.substr(0, size / 2), 100);
  Check(half.messages.size() <= whole.messages.size());
  return 0;
}
