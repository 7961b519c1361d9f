#include "importer/html_chat_list.h"

#include <algorithm>

#include "base/text.h"
#include "importer/html_tokens.h"

namespace idiolect {
namespace {

constexpr size_t kMostBytes = 1024 * 1024;

// "Private group", "public supergroup", "Private channel", "bot", …
ChatKind KindOf(const std::string& details) {
  const std::string text = FoldForSearch(details);
  const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
  if (has("channel")) return ChatKind::kChannel;
  if (has("group")) return ChatKind::kGroup;
  if (has("bot")) return ChatKind::kBot;
  if (has("saved")) return ChatKind::kSaved;
  if (has("private") || has("personal")) return ChatKind::kPrivate;
  return ChatKind::kOther;
}

}  // namespace

std::vector<ListedChat> ReadHtmlChatList(ByteSource& source) {
  std::string bytes(kMostBytes, '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const auto count = source.Read(bytes.data() + size, bytes.size() - size);
    if (!count || *count == 0) break;
    size += *count;
  }
  bytes.resize(size);

  std::vector<ListedChat> chats;
  ListedChat chat;
  std::string name, details;
  std::string* into = nullptr;
  const auto end_entry = [&] {
    chat.kind = KindOf(details);
    // Both stand in the list as "private".
    if (name == "Saved messages") chat.kind = ChatKind::kSaved;
    if (!chat.page.empty() && chat.kind != ChatKind::kOther) chats.push_back(chat);
    chat = {};
    name.clear();
    details.clear();
  };
  HtmlTokens tokens(bytes);
  for (;;) {
    const HtmlTokenKind kind = tokens.Next();
    if (kind == HtmlTokenKind::kEnd) break;
    if (kind == HtmlTokenKind::kText) {
      if (into != nullptr) AppendHtmlText(TrimSpace(tokens.text()), into);
      continue;
    }
    into = nullptr;
    if (kind == HtmlTokenKind::kClose) continue;
    const std::string_view classes = tokens.Attribute("class");
    if (HasHtmlClass(classes, "entry")) {
      end_entry();
      std::string page;
      AppendHtmlText(tokens.Attribute("href"), &page);
      chat.page = page.substr(0, page.find('#'));
    } else if (HasHtmlClass(classes, "name")) {
      into = &name;
    } else if (HasHtmlClass(classes, "details_entry")) {
      into = &details;
    }
  }
  end_entry();
  return chats;
}

}  // namespace idiolect
