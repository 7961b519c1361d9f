#pragma once
// Keys of providers: from the environment, else from a `.env` file. They are handed to whoever
// sends the request and nobody else: no message, log or result holds one.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace idiolect {

// NAME=value lines: blank lines and those that begin with # are skipped; `export ` before the name
// is allowed; a value may stand in single quotes (as it is) or double quotes (\n, \t, \", \\ and \$
// are understood, and it may go on over lines); unquoted, it ends at " #" and loses surrounding
// space. A later line wins. kBadInput names the line, never what is in it.
Result<std::map<std::string, std::string>> ParseDotEnv(std::string_view text);

struct FoundKey {
  std::string value;
  std::string source;  // for messages: "the environment" or the file's path
};

// Where to look: the environment first, then each file of `files` that exists. An empty value is as
// good as none. `warning` gets a sentence when the file that had the key can be read by others.
Result<std::optional<FoundKey>> FindKey(const std::string& name,
                                        const std::vector<std::filesystem::path>& files,
                                        std::string* warning);

// `text` without `secret` and without anything that looks like a key ("sk-…", "Bearer …"): error
// texts of servers may quote what they were sent.
std::string WithoutSecrets(std::string text, const std::string& secret);

}  // namespace idiolect
