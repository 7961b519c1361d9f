// Tokens of documents by o200k_base on one thread: the part of bench/tokens that is ours.
//   bench_tokens DOCUMENTS [IDS]   DOCUMENTS: texts with a zero byte after each
// Prints the seconds of the fastest of five passes and the number of tokens; IDS gets the ids of
// all documents, 32 bits each.
#include <chrono>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "tokens/o200k.h"

namespace {

int Complain(const idiolect::Error& error) {
  std::fprintf(stderr, "%s\n%s\n", error.message.c_str(), error.hint.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace idiolect;
  if (argc < 2) return 2;
  const auto file = MappedFile::Open(argv[1]);
  if (!file) return Complain(file.error());
  const auto encoding = O200k::LoadDefault();
  if (!encoding) return Complain(encoding.error());
  std::vector<std::string_view> documents;
  for (std::string_view rest = file->bytes(); !rest.empty();) {
    const size_t end = std::min(rest.find('\0'), rest.size());
    documents.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  O200kEncoder encoder(**encoding);
  double best = 1e9;
  std::vector<uint32_t> all, ids;
  for (int pass = 0; pass < 6; ++pass) {  // the first one reads the text into memory
    all.clear();
    const auto start = std::chrono::steady_clock::now();
    for (const std::string_view document : documents) {
      ids.clear();
      encoder.Encode(document, &ids);
      all.insert(all.end(), ids.begin(), ids.end());
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (pass > 0) best = std::min(best, took.count());
  }
  if (argc > 2) {
    const auto written = PublishFile(
        argv[2], {reinterpret_cast<const char*>(all.data()), all.size() * sizeof all[0]});
    if (!written) return Complain(written.error());
  }
  std::printf("%.6f %zu\n", best, all.size());
  return 0;
}
