#include "dataset/build_options.h"

#include <cmath>
#include <cstdio>

namespace idiolect {
namespace {

using O = BuildOptions;

constexpr BuildOptionField kFields[] = {
    {"private-gap",
     "minutes",
     {"silence that ends a conversation of two", "пауза, которая кончает разговор двоих"},
     &O::private_gap_minutes,
     nullptr,
     1,
     1e6},
    {"group-gap",
     "minutes",
     {"silence that ends a conversation in a group", "пауза, которая кончает разговор в группе"},
     &O::group_gap_minutes,
     nullptr,
     1,
     1e6},
    {"join",
     "hours",
     {"a marked reply joins across a silence up to this", "ответ с пометкой сшивает паузу до этой"},
     &O::join_hours,
     nullptr,
     0,
     1e5},
    {"max-conversation",
     "messages",
     {"longest conversation", "самый длинный разговор"},
     &O::max_conversation_messages,
     nullptr,
     10,
     20000},
    {"typing-gap",
     "seconds",
     {"messages this close are one turn", "сообщения с такой паузой — одна реплика"},
     &O::typing_gap_seconds,
     nullptr,
     0,
     86400},
    {"min-link",
     "0..1",
     {"least probability that it answers", "наименьшая вероятность, что это ответ"},
     nullptr,
     &O::min_link,
     0,
     1},
    {"looks",
     "1 or 2",
     {"2: look twice at who answers whom, slower",
      "2: дважды смотреть, кто кому отвечает, медленнее"},
     &O::looks,
     nullptr,
     1,
     2},
    {"max-context",
     "tokens",
     {"longest prompt", "самый длинный контекст"},
     &O::max_context_tokens,
     nullptr,
     8,
     100000},
    {"max-turns",
     "turns",
     {"most turns in a prompt", "больше всего реплик в контексте"},
     &O::max_context_turns,
     nullptr,
     1,
     1000},
    {"min-answer",
     "characters",
     {"shortest answer", "самый короткий ответ"},
     &O::min_answer_characters,
     nullptr,
     1,
     100000},
    {"max-answer",
     "characters",
     {"longest answer", "самый длинный ответ"},
     &O::max_answer_characters,
     nullptr,
     1,
     1000000},
    {"drop-emoji",
     "0 or 1",
     {"1: leave out answers of emoji alone", "1: не брать ответы из одних эмодзи"},
     &O::drop_emoji_answers,
     nullptr,
     0,
     1},
    {"drop-greetings",
     "0 or 1",
     {"1: leave out answers that only greet", "1: не брать ответы из одних приветствий"},
     &O::drop_greetings,
     nullptr,
     0,
     1},
    {"drop-foreign",
     "0 or 1",
     {"1: leave out answers in a language the person hardly writes",
      "1: не брать ответы на языке, на котором человек почти не пишет"},
     &O::drop_foreign,
     nullptr,
     0,
     1},
    {"same-answer",
     "0.5..1",
     {"answers this alike are one said again", "настолько похожие ответы — один повторённый"},
     nullptr,
     &O::same_answer,
     0.5,
     1},
    {"announcement",
     "times",
     {"a long text sent so often is no answer; 0: off",
      "длинный текст, посланный столько раз, — не ответ; 0: не проверять"},
     &O::announcement,
     nullptr,
     0,
     1000},
    {"min-quality",
     "0..1",
     {"least quality of a sample", "наименьшее качество примера"},
     nullptr,
     &O::min_quality,
     0,
     1},
    {"valid-share",
     "0..0.5",
     {"share of samples to validate on", "доля примеров для проверки при обучении"},
     nullptr,
     &O::valid_share,
     0,
     0.5},
    {"test-share",
     "0..0.4",
     {"share of samples kept for the test", "доля примеров для итоговой проверки"},
     nullptr,
     &O::test_share,
     0,
     0.4},
};

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

}  // namespace

std::span<const BuildOptionField> BuildOptionFields() {
  return kFields;
}

ConversationOptions BuildOptions::Conversations() const {
  ConversationOptions options;
  options.private_gap_seconds = private_gap_minutes * 60;
  options.group_gap_seconds = group_gap_minutes * 60;
  options.join_seconds = join_hours * 3600;
  options.max_messages = max_conversation_messages;
  return options;
}

RunKey BuildOptions::ToKey() const {
  RunKey key;
  for (const BuildOptionField& field : kFields) {
    key[field.name] =
        field.whole != nullptr ? std::to_string(this->*field.whole) : Number(this->*field.real);
  }
  key["posts"] = posts == Posts::kDrop ? "drop" : "prompt";
  key["pii"] = pii.ToText();
  key["labels"] = labels ? LanguageCode(*labels) : "auto";
  key["system"] = !system_text.empty()                      ? "text: " + system_text
                  : system_prompt == SystemPrompt::kDefault ? "default"
                                                            : "none";
  return key;
}

Status CheckBuildOptions(const BuildOptions& options) {
  std::string bad;
  for (const BuildOptionField& field : kFields) {
    const double value =
        field.whole != nullptr ? static_cast<double>(options.*field.whole) : options.*field.real;
    if (value >= field.least && value <= field.most) continue;
    bad += (bad.empty() ? "" : "; ") + std::string("--") + field.name + " is " + Number(value) +
           ", must be " + Number(field.least) + " to " + Number(field.most);
  }
  if (bad.empty()) return {};
  return Fail(ErrorKind::kMisuse, "building with these options: " + bad,
              "leave an option away for its default");
}

}  // namespace idiolect
