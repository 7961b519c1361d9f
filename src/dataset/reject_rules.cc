#include "dataset/reject_rules.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr Text kOtherExport = {
    "export the whole chats with text, not one person's messages or media alone",
    "выгрузите чаты целиком и с текстом, а не сообщения одного человека и не одни медиа"};

constexpr RejectRuleInfo kRules[] = {
    {RejectRule::kService,
     "service",
     {"service messages (joined, called, pinned)", "служебные (вступление, звонок, закрепление)"},
     kOtherExport},
    {RejectRule::kUnsupported,
     "unsupported",
     {"messages the exporter could not write", "сообщения, которые экспорт не смог записать"},
     {"export again with a newer Telegram Desktop", "выгрузите заново новым Telegram Desktop"}},
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
     {"import chats with people", "загрузите чаты с людьми"}},
    {RejectRule::kSavedNotes,
     "saved_notes",
     {"notes to oneself", "заметки себе"},
     {"import chats with people", "загрузите чаты с людьми"}},
    {RejectRule::kChannelPost,
     "channel_post",
     {"posts in a channel: nobody asked", "посты в канале: их никто не спрашивал"},
     {"import chats with people, for example the channel's discussion group",
      "загрузите чаты с людьми, например группу обсуждения канала"}},
    {RejectRule::kNoWords, "no_words", {"media without words", "медиа без слов"}, kOtherExport},
    {RejectRule::kEmpty, "empty", {"empty", "пустые"}, kOtherExport},
    {RejectRule::kOnlyLinks,
     "only_links",
     {"nothing but links, mentions or hashtags", "одни ссылки, упоминания или хештеги"},
     kOtherExport},
    {RejectRule::kOnlyEmoji,
     "only_emoji",
     {"nothing but emoji", "одни эмодзи"},
     {"use --drop-emoji 0", "задайте --drop-emoji 0"},
     "drop-emoji"},
    {RejectRule::kAnswersNobody,
     "answers_nobody",
     {"answer nobody (first words, follow-ups, nobody else spoke)",
      "никому не отвечают (первые слова, продолжения, больше никто не говорил)"},
     {"check that the export holds the other people's messages too; a longer --private-gap and "
      "--group-gap find more answers",
      "проверьте, что в экспорте есть и сообщения других людей; больше ответов найдут больший "
      "--private-gap и --group-gap"}},
    {RejectRule::kUncertainLink,
     "uncertain_link",
     {"it is not certain enough whom they answer", "неясно, кому это ответ"},
     {"use a lower --min-link", "задайте --min-link меньше"},
     "min-link"},
    {RejectRule::kAnswersMissing,
     "answers_missing",
     {"marked as a reply to a message that is not here",
      "помечены как ответ на сообщение, которого здесь нет"},
     {"export the chats over their whole time", "выгрузите чаты за всё время"}},
    {RejectRule::kAnswersNoWords,
     "answers_no_words",
     {"answer a picture, sticker or voice message without words",
      "отвечают на картинку, стикер или голосовое без слов"},
     kOtherExport},
    {RejectRule::kTooLong,
     "too_long",
     {"longer than --max-answer", "длиннее --max-answer"},
     {"use a larger --max-answer", "задайте --max-answer больше"},
     "max-answer"},
    {RejectRule::kTooShort,
     "too_short",
     {"shorter than --min-answer", "короче --min-answer"},
     {"use a smaller --min-answer", "задайте --min-answer меньше"},
     "min-answer"},
    {RejectRule::kRepeatsPrompt,
     "repeats_prompt",
     {"repeat what the prompt already says", "повторяют то, что уже есть в контексте"},
     kOtherExport},
    {RejectRule::kDuplicate,
     "duplicate",
     {"the same question and answer stand in an earlier part of the split",
      "такие же вопрос и ответ есть в более ранней части"},
     {"use smaller --valid-share and --test-share", "задайте --valid-share и --test-share меньше"},
     "valid-share"},
    {RejectRule::kSecret,
     "secret",
     {"hold a password, a key or a card's code", "содержат пароль, ключ или код карты"},
     {"use --pii replace,secret=replace,cvv=replace",
      "задайте --pii replace,secret=replace,cvv=replace"},
     "pii"},
    {RejectRule::kPersonalData,
     "personal_data",
     {"hold personal data of a kind to be dropped",
      "содержат личные данные, которые велено убрать"},
     {"use --pii replace", "задайте --pii replace"},
     "pii"},
    {RejectRule::kGreeting,
     "greeting",
     {"only greet", "одни приветствия"},
     {"use --drop-greetings 0", "задайте --drop-greetings 0"},
     "drop-greetings"},
    {RejectRule::kWrongLanguage,
     "wrong_language",
     {"in a language the person hardly ever writes", "на языке, на котором человек почти не пишет"},
     {"use --drop-foreign 0", "задайте --drop-foreign 0"},
     "drop-foreign"},
    {RejectRule::kCopyPaste,
     "copy_paste",
     {"an announcement sent again and again", "объявление, разосланное много раз"},
     {"use --announcement 0", "задайте --announcement 0"},
     "announcement"},
    {RejectRule::kNearDuplicate,
     "near_duplicate",
     {"nearly the same as a better answer", "почти то же, что другой ответ, который лучше"},
     {"use --same-answer 1", "задайте --same-answer 1"},
     "same-answer"},
    {RejectRule::kLowQuality,
     "low_quality",
     {"below --min-quality", "ниже --min-quality"},
     {"use a lower --min-quality", "задайте --min-quality меньше"},
     "min-quality"},
    {RejectRule::kAnswersPost,
     "answers_post",
     {"comment on a channel's post", "комментируют пост канала"},
     {"use --posts prompt", "задайте --posts prompt"},
     "posts"},
};
static_assert(std::size(kRules) + 1 == kRejectRules);

}  // namespace

std::span<const RejectRuleInfo> RejectRules() {
  return kRules;
}

const RejectRuleInfo& InfoOf(RejectRule rule) {
  return kRules[static_cast<size_t>(rule) - 1];
}

bool IsNothingSaid(RejectRule rule) {
  switch (rule) {
    case RejectRule::kService:
    case RejectRule::kUnsupported:
    case RejectRule::kForwarded:
    case RejectRule::kViaBot:
    case RejectRule::kBotCommand:
    case RejectRule::kBotChat:
    case RejectRule::kSavedNotes:
    case RejectRule::kChannelPost:
    case RejectRule::kNoWords:
    case RejectRule::kEmpty:
      return true;
    default:
      return false;
  }
}

bool IsOnlyGreeting(std::string_view text) {
  constexpr size_t kLongest = 80;  // bytes
  constexpr size_t kMostWords = 4;
  if (text.size() > kLongest) return false;
  static constexpr std::string_view kWords[] = {
      "привет",       "приветик", "приветики", "приветствую", "прив",     "приветище", "здравствуй",
      "здравствуйте", "здрасьте", "здрасте",   "здарова",     "здорово",  "хай",       "хей",
      "хэллоу",       "салют",    "доброе",    "добрый",      "доброй",   "доброго",   "утро",
      "утречко",      "утра",     "день",      "денек",       "дня",      "вечер",     "вечерок",
      "вечера",       "ночи",     "времени",   "суток",       "всем",     "пока",      "покедова",
      "спокойной",    "снов",     "сладких",   "до",          "свидания", "завтра",    "встречи",
      "hi",           "hello",    "hey",       "hiya",        "yo",       "good",      "morning",
      "afternoon",    "evening",  "night",     "greetings",   "bye",      "goodbye",   "there",
      "all",          "everyone", "folks",     "see",         "you",      "later",     "cya"};
  // Words that greet only beside one that does.
  static constexpr std::string_view kOnlyBeside[] = {
      "всем",   "день",     "до",      "завтра",  "there", "all",   "good",
      "see",    "everyone", "you",     "folks",   "later", "вечер", "доброе",
      "добрый", "встречи",  "времени", "здорово", "дня"};
  size_t words = 0, beside = 0;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return true;
    if (std::find(std::begin(kWords), std::end(kWords), word) == std::end(kWords)) return false;
    ++words;
    beside +=
        std::find(std::begin(kOnlyBeside), std::end(kOnlyBeside), word) != std::end(kOnlyBeside);
    word.clear();
    return true;
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCodePoint(text, &at);
    if (IsLetter(c)) {
      const char32_t lower = ToLower(c);
      AppendUtf8(lower == U'ё' ? U'е' : lower, &word);
    } else if (IsNumber(c) || !end_word()) {
      return false;
    }
  }
  return end_word() && words > 0 && words <= kMostWords && (words > beside || words >= 2);
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
