#pragma once
// How people and chats are called in the report. Other people are pseudonyms unless the user asks
// for names, and what is quoted is rid of personal data as the dataset's answers are.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "analysis/gather.h"
#include "base/language.h"
#include "dataset/pii/scanner.h"

namespace idiolect {

enum class Names { kPseudonyms, kReal };

// Constant after it is made. The facts must outlive it.
class Labels {
 public:
  Labels(const ReportFacts& facts, Names names, Language language);

  // "Собеседник 3": numbered by how much they wrote in all chats; the persona has their own name.
  std::string Person(PersonId person) const;
  // A group's or channel's own name; a private chat is called by its other side.
  std::string Chat(const ChatFacts& chat) const;
  std::string Chat(ChatId chat) const;
  std::string ChatKindName(ChatKind kind) const;

  // Whether this word (lower case, е for ё) belongs to anybody's name.
  bool IsName(std::string_view word) const;
  // The text as it may be quoted.
  std::string Quoted(std::string_view text) const;

  Names names() const { return names_; }

 private:
  const ReportFacts& facts_;
  const Names names_;
  const Language language_;
  std::vector<size_t> rank_;                                // by PersonId, from 1
  std::unique_ptr<PiiLexicon> pii_;                         // null with real names
  std::unordered_set<std::string> name_stems_, own_stems_;  // of others, of the persona
};

}  // namespace idiolect
