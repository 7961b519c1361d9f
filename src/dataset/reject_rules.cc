#include "dataset/reject_rules.h"

#include "base/text.h"

namespace idiolect {
namespace {

constexpr char kOtherExport[] =
    "export the whole chats with text, not one person's messages or media alone";

constexpr RejectRuleInfo kRules[] = {
    {RejectRule::kService,
     "service",
     {"service messages (joined, called, pinned)", "служебные (вступление, звонок, закрепление)"},
     kOtherExport},
    {RejectRule::kUnsupported,
     "unsupported",
     {"messages the exporter could not write", "сообщения, которые экспорт не смог записать"},
     "export again with a newer Telegram Desktop"},
    {RejectRule::kForwarded,
     "forwarded",
     {"forwarded: somebody else's words", "пересланные: чужие слова"},
     kOtherExport},
    {RejectRule::kViaBot,
     "via_bot",
     {"written by an inline bot", "написаны через бота"},
     kOtherExport},
    {RejectRule::kBotCommand, "bot_command", {"commands to a bot", "команды боту"}, kOtherExport},
    {RejectRule::kBotChat,
     "bot_chat",
     {"said to a bot", "сказаны боту"},
     "import chats with people"},
    {RejectRule::kSavedNotes,
     "saved_notes",
     {"notes to oneself", "заметки себе"},
     "import chats with people"},
    {RejectRule::kChannelPost,
     "channel_post",
     {"posts in a channel: nobody asked", "посты в канале: их никто не спрашивал"},
     "import chats with people, for example the channel's discussion group"},
    {RejectRule::kNoWords, "no_words", {"media without words", "медиа без слов"}, kOtherExport},
    {RejectRule::kEmpty, "empty", {"empty", "пустые"}, kOtherExport},
    {RejectRule::kOnlyLinks,
     "only_links",
     {"nothing but links, mentions or hashtags", "одни ссылки, упоминания или хештеги"},
     kOtherExport},
    {RejectRule::kOnlyEmoji,
     "only_emoji",
     {"nothing but emoji", "одни эмодзи"},
     "use --drop-emoji 0"},
    {RejectRule::kAnswersNobody,
     "answers_nobody",
     {"answer nobody (first words, follow-ups, nobody else spoke)",
      "никому не отвечают (первые слова, продолжения, больше никто не говорил)"},
     "check that the export holds the other people's messages too; a longer --private-gap and "
     "--group-gap find more answers"},
    {RejectRule::kUncertainLink,
     "uncertain_link",
     {"it is not certain enough whom they answer", "неясно, кому это ответ"},
     "use a lower --min-link"},
    {RejectRule::kAnswersMissing,
     "answers_missing",
     {"marked as a reply to a message that is not here",
      "помечены как ответ на сообщение, которого здесь нет"},
     "export the chats over their whole time"},
    {RejectRule::kAnswersNoWords,
     "answers_no_words",
     {"answer a picture, sticker or voice message without words",
      "отвечают на картинку, стикер или голосовое без слов"},
     kOtherExport},
    {RejectRule::kTooLong,
     "too_long",
     {"longer than --max-answer", "длиннее --max-answer"},
     "use a larger --max-answer"},
    {RejectRule::kTooShort,
     "too_short",
     {"shorter than --min-answer", "короче --min-answer"},
     "use a smaller --min-answer"},
    {RejectRule::kRepeatsPrompt,
     "repeats_prompt",
     {"repeat what the prompt already says", "повторяют то, что уже есть в контексте"},
     kOtherExport},
    {RejectRule::kDuplicate,
     "duplicate",
     {"the same question and answer stand in an earlier part of the split",
      "такие же вопрос и ответ есть в более ранней части"},
     "use smaller --valid-share and --test-share"},
};
static_assert(std::size(kRules) + 1 == kRejectRules);

}  // namespace

std::span<const RejectRuleInfo> RejectRules() {
  return kRules;
}

const RejectRuleInfo& InfoOf(RejectRule rule) {
  return kRules[static_cast<size_t>(rule) - 1];
}

bool IsOnlyEmoji(std::string_view text) {
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCodePoint(text, &at);
    if (IsSpace(c)) continue;
    if (!IsEmoji(c)) return false;
    any = true;
  }
  return any;
}

std::optional<RejectRule> RejectMessage(const Conversation& conversation, const Said& said,
                                        const BuildOptions& options) {
  if (said.kind == MessageKind::kService) return RejectRule::kService;
  if (said.kind == MessageKind::kUnsupported) return RejectRule::kUnsupported;
  if (said.flags & kForwarded) return RejectRule::kForwarded;
  if (said.flags & kViaBot) return RejectRule::kViaBot;
  if (said.flags & kBotCommand) return RejectRule::kBotCommand;
  if (conversation.kind == ChatKind::kBot) return RejectRule::kBotChat;
  if (conversation.kind == ChatKind::kSaved) return RejectRule::kSavedNotes;
  if (conversation.kind == ChatKind::kChannel) return RejectRule::kChannelPost;
  const std::string_view text = TrimSpace(conversation.text(said));
  if (text.empty()) {
    return said.media == MediaKind::kNone ? RejectRule::kEmpty : RejectRule::kNoWords;
  }
  if (said.flags & kOnlyLinks) return RejectRule::kOnlyLinks;
  if (options.drop_emoji_answers != 0 && IsOnlyEmoji(text)) return RejectRule::kOnlyEmoji;
  return std::nullopt;
}

}  // namespace idiolect
