#include "engine/files/chat_probe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/files/chat_export.h"
#include "engine/files/chat_parts.h"
#include "engine/files/jinja.h"
#include "engine/files/test_gguf.h"

namespace idiolect {
namespace {

using Chat = std::vector<ChatMessage>;

// Turns in the manner of Llama 2: a system message inside the first user's words.
constexpr std::string_view kInst =
    "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set head = "
    "'<<SYS>>\\n' "
    "+ messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}{% else %}{% set rest = messages %}{% set "
    "head "
    "= '' %}{% endif %}{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}{% if loop.first %}{% set words = "
    "head "
    "+ m['content'] %}{% else %}{% set words = m['content'] %}{% endif %}{% if m['role'] == 'user' "
    "%}{{ bos_token + '[INST] ' + words.strip() + ' [/INST]' }}{% else %}{{ ' ' + words.strip() + "
    "' ' "
    "+ eos_token }}{% endif %}{% endfor %}";
// In the manner of Phi 3: a marker a role, EOS at the end of what is not asked on.
constexpr std::string_view kMarkers =
    "{% for message in messages %}{{ '<|' + message.role + '|>\\n' + message.content + "
    "'<|end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}"
    "{% endif %}";

JinjaValue::Map Variables(const Chat& chat, bool prompt) {
  JinjaValue::List messages;
  for (const ChatMessage& message : chat) {
    messages.push_back(JinjaValue::Of(JinjaValue::Map{
        {"role", JinjaValue::Of(message.role)}, {"content", JinjaValue::Of(message.content)}}));
  }
  return {{"messages", JinjaValue::Of(std::move(messages))},
          {"add_generation_prompt", JinjaValue::Of(prompt)},
          {"bos_token", JinjaValue::Of("<s>")},
          {"eos_token", JinjaValue::Of("</s>")}};
}

std::string Laid(const ChatStyle& style, const Chat& chat, GenerationPrompt prompt) {
  const auto parts = LayOut(style, chat, prompt);
  return parts ? TextOfParts(*parts, {}) : "error: " + parts.error().message;
}

std::string ErrorOf(std::string_view jinja) {
  const auto style = ProbeChatTemplate(jinja, {});
  return style ? "no error" : style.error().message;
}

TEST(ChatProbeTest, LearnsWhatStandsAroundTurns) {
  const auto inst = ProbeChatTemplate(kInst, {});
  ASSERT_TRUE(inst) << inst.error().message;
  EXPECT_TRUE(inst->trim);
  EXPECT_TRUE(inst->turns.alternate);
  EXPECT_TRUE(inst->turns.space);
  EXPECT_EQ(inst->turns.assistant, "");
  EXPECT_EQ(inst->turns.after_user, " [/INST]");
  EXPECT_EQ(Laid(*inst, {{"system", "be kind"}, {"user", "hi"}}, GenerationPrompt::kAdd),
            "<s>[INST] <<SYS>>\nbe kind\n<</SYS>>\n\nhi [/INST]");
  EXPECT_EQ(
      Laid(*inst, {{"user", "hi"}, {"assistant", "yes"}, {"user", "so"}}, GenerationPrompt::kAdd),
      "<s>[INST] hi [/INST] yes </s><s>[INST] so [/INST]");
  EXPECT_NE(Laid(*inst, {{"user", "hi"}, {"user", "hi"}}, GenerationPrompt::kAdd).find("alternate"),
            std::string::npos);

  const auto markers = ProbeChatTemplate(kMarkers, {});
  ASSERT_TRUE(markers) << markers.error().message;
  EXPECT_FALSE(markers->trim);
  EXPECT_FALSE(markers->turns.alternate);
  EXPECT_EQ(markers->turns.assistant, "<|assistant|>\n");
  EXPECT_EQ(markers->turns.after_assistant, "<|end|>\n");
  EXPECT_EQ(Laid(*markers, {{"system", "s"}, {"user", "u"}, {"user", "v"}}, GenerationPrompt::kAdd),
            "<|system|>\ns<|end|>\n<|user|>\nu<|end|>\n<|user|>\nv<|end|>\n<|assistant|>\n");
}

// No system role, or one that wanders to the last turn: before the first user's words.
TEST(ChatProbeTest, GivesTheSystemMessageAPlace) {
  const auto none = ProbeChatTemplate(
      "{% for m in messages %}{% if m.role == 'user' %}U:{{ m.content }};{% elif m.role == "
      "'assistant' %}A:{{ m.content }};{% else %}{{ raise_exception('no such role') }}{% endif %}"
      "{% endfor %}{% if add_generation_prompt %}A:{% endif %}",
      {});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(Laid(*none, {{"system", "s"}, {"user", "u"}}, GenerationPrompt::kAdd), "U:s\n\nu;A:");
}

TEST(ChatProbeTest, RefusesTurnsThatDependOnEachOther) {
  const std::string prefix = "trying the model's chat template: ";
  EXPECT_EQ(ErrorOf("{{ messages | length }}"),
            prefix + "it does not render every turn's words once");
  EXPECT_EQ(ErrorOf("{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}"),
            prefix + "its answers open differently");
  EXPECT_EQ(ErrorOf("{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"),
            prefix + "an answer opens otherwise than it is asked for");
  EXPECT_EQ(ErrorOf("{% for m in messages %}[{{ m.role }}]{{ m.content | upper }}{% endfor %}"),
            prefix + "it does not render every turn's words once");
  EXPECT_EQ(ErrorOf("{{ raise_exception('never') }}"),
            prefix + "it refuses a conversation of user and assistant: never");
  EXPECT_EQ(
      ErrorOf("{% for m in messages %}[{{ m.role }}]{% if messages | length > 5 %}!{% endif %}"
              "{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"),
      prefix + "its turns depend on each other");
  EXPECT_EQ(ErrorOf("{% include 'x' %}"),
            "trying the chat template: the tag \"include\" is not supported");
}

TEST(ChatProbeTest, TheTemplatesFamilyDecides) {
  const auto read = ChatTemplate::FromTemplateText(kMarkers);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->style().format, ChatFormat::kTurns);
  const auto back = ChatTemplate::FromJson(read->ToJson());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->ToJson(), read->ToJson());
}

// Words stay words; the answer and the token that ends it are learned; a prompt is the beginning of
// what was trained.
TEST(ChatProbeTest, BecomesTokens) {
  const auto style = ProbeChatTemplate(kMarkers, {"<s>", "<|endoftext|>"});
  ASSERT_TRUE(style) << style.error().message;
  GgufBuilder builder;
  AddByteLevelTokenizer(&builder, "gpt-2", {{"\n", "h"}},
                        {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|endoftext|>"});
  const std::string bytes = builder.Build();
  auto file = GgufFile::Parse(bytes, "x.gguf");
  ASSERT_TRUE(file);
  const auto tokenizer = Tokenizer::FromGguf(*file);
  ASSERT_TRUE(tokenizer);
  const ChatTemplate chat_template(*style);
  const Chat chat = {{"system", "s"}, {"user", "hi <|end|>"}, {"assistant", "hm"}};
  const auto trained = chat_template.RenderForTraining(*tokenizer, chat);
  ASSERT_TRUE(trained) << trained.error().message;
  EXPECT_EQ(tokenizer->Decode(trained->tokens),
            "<|system|>\ns<|end|>\n<|user|>\nhi <|end|><|end|>\n<|assistant|>\nhm<|end|>\n");
  std::string learned;
  for (size_t i = 0; i < trained->tokens.size(); ++i) {
    if (trained->is_target[i] != 0) learned += tokenizer->TokenBytes(trained->tokens[i]);
  }
  EXPECT_EQ(learned, "hm<|end|>");
  int ends = 0;
  for (const int32_t id : trained->tokens) ends += id == *tokenizer->FindToken("<|end|>");
  EXPECT_EQ(ends, 3);  // the person's own is text
  const auto prompt = chat_template.RenderPrompt(*tokenizer, {chat[0], chat[1]});
  ASSERT_TRUE(prompt);
  EXPECT_TRUE(std::equal(prompt->begin(), prompt->end(), trained->tokens.begin()));
  EXPECT_EQ(trained->message_ends.back(), static_cast<int64_t>(trained->tokens.size()));
}

// What we write for others renders what we render.
TEST(ChatExportTest, JinjaRendersTheSameTurns) {
  std::vector<ChatStyle> styles;
  for (const ChatFormat format :
       {ChatFormat::kChatMl, ChatFormat::kLlama3, ChatFormat::kGemma, ChatFormat::kPlain}) {
    ChatStyle style = ChatTemplate([&] {
                        ChatStyle plain;
                        plain.format = format;
                        return plain;
                      }())
                          .style();
    styles.push_back(style);
    style.print_bos = true;
    style.trim = true;
    styles.push_back(style);
    if (format == ChatFormat::kGemma) continue;
    style.default_system = "You're \"kind\" \\ brief.\nAlways.";
    styles.push_back(style);
    style.system_prefix = "Today: never\n\n";
    styles.push_back(style);
  }
  styles[1].empty_think = true;
  for (const std::string_view jinja : {kInst, kMarkers}) {
    const auto style = ProbeChatTemplate(jinja, {});
    ASSERT_TRUE(style) << style.error().message;
    styles.push_back(*style);
  }
  const std::vector<Chat> chats = {
      {{"user", "hi"}},
      {{"system", " be 'brief' "},
       {"user", " hi\n"},
       {"assistant", " yes "},
       {"user", "so {{ x }}"}},
      {{"user", "a"}, {"assistant", "b"}, {"user", "c"}, {"assistant", "d"}}};
  for (const ChatStyle& style : styles) {
    SCOPED_TRACE(ChatTemplate(style).ToJson());
    const auto program = JinjaTemplate::Parse(JinjaOf(style));
    ASSERT_TRUE(program) << program.error().message;
    for (const Chat& chat : chats) {
      for (const bool prompt : {false, true}) {
        const auto rendered = program->Render(Variables(chat, prompt));
        ASSERT_TRUE(rendered) << rendered.error().message;
        EXPECT_EQ(*rendered,
                  Laid(style, chat, prompt ? GenerationPrompt::kAdd : GenerationPrompt::kNone));
      }
    }
  }
}

}  // namespace
}  // namespace idiolect
