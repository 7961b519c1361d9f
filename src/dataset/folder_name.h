#pragma once
// Names of folders that any file system and shell takes: Cyrillic in Latin letters, nothing but
// a-z, 0-9 and dashes.

#include <string>
#include <string_view>

namespace idiolect {

// "Наташа Ростова" → "natasha-rostova"; empty when no letter or digit is left. At most
// `most_bytes` long.
std::string Slug(std::string_view text, size_t most_bytes);

// Slug of the name and of the id without its source: "natasha-user123".
std::string PersonaFolderName(std::string_view name, std::string_view source_id);

}  // namespace idiolect
