#include "engine/files/chat_template.h"

#include <gtest/gtest.h>

#include "engine/files/test_gguf.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

using Ids = std::vector<int32_t>;
using Chat = std::vector<ChatMessage>;

// SmolLM2's own template, as its files have it.
constexpr std::string_view kSmolLm2 =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ "
    "'<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
    "Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + "
    "message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ "
    "'<|im_start|>assistant\n' }}{% endif %}";

Tokenizer Load(const GgufBuilder& builder) {
  const std::string bytes = builder.Build();
  auto file = GgufFile::Parse(bytes, "x.gguf");
  EXPECT_TRUE(file);
  auto tokenizer = Tokenizer::FromGguf(*file);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *std::move(tokenizer);
}

Tokenizer WithControls(const std::vector<std::string>& controls) {
  GgufBuilder builder;
  AddByteLevelTokenizer(&builder, "gpt-2", {{"\n", "\n"}, {"\n", "a"}}, controls);
  return Load(builder);
}

Tokenizer ForFormat(ChatFormat format) {
  switch (format) {
    case ChatFormat::kChatMl:
      return WithControls({"<|im_start|>", "<|im_end|>", "<think>", "</think>"});
    case ChatFormat::kLlama3:
      return WithControls(
          {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>"});
    case ChatFormat::kGemma:
      return WithControls({"<start_of_turn>", "<end_of_turn>", "<bos>"});
    case ChatFormat::kPlain:
      return WithControls({"<|endoftext|>"});
    case ChatFormat::kTurns:
      break;  // chat_probe_test.cc
  }
  return WithControls({});
}

std::string Text(const ChatTemplate& chat_template, const Tokenizer& tokenizer, const Chat& chat,
                 GenerationPrompt prompt) {
  const auto text = chat_template.RenderText(tokenizer, chat, prompt);
  return text ? *text : "error: " + text.error().message;
}

std::string Targets(const RenderedChat& chat, const Tokenizer& tokenizer) {
  std::string text;
  for (size_t i = 0; i < chat.tokens.size(); ++i) {
    if (chat.is_target[i] != 0) text += tokenizer.TokenBytes(chat.tokens[i]);
  }
  return text;
}

TEST(ChatTemplateTest, RecognisesSmolLm2WithItsSystemPrompt) {
  const auto recognised = ChatTemplate::FromTemplateText(kSmolLm2);
  ASSERT_TRUE(recognised) << recognised.error().message;
  const Tokenizer tokenizer = ForFormat(ChatFormat::kChatMl);
  EXPECT_EQ(Text(*recognised, tokenizer, {{"user", "hi"}}, GenerationPrompt::kAdd),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(Text(*recognised, tokenizer, {{"system", " be brief "}, {"user", "hi"}},
                 GenerationPrompt::kNone),
            "<|im_start|>system\n be brief <|im_end|>\n<|im_start|>user\nhi<|im_end|>\n");
}

TEST(ChatTemplateTest, RecognisesFamiliesByContent) {
  const auto style = [](std::string_view text) {
    const auto recognised = ChatTemplate::FromTemplateText(text);
    EXPECT_TRUE(recognised) << recognised.error().message;
    return recognised ? recognised->style() : ChatStyle{};
  };
  const ChatStyle gemma =
      style("{{ bos_token }}{{ '<start_of_turn>' + role + '\n' }}{{ '<end_of_turn>\n' }}");
  EXPECT_EQ(gemma.format, ChatFormat::kGemma);
  EXPECT_TRUE(gemma.print_bos);
  EXPECT_TRUE(gemma.trim);
  const ChatStyle llama = style(
      "{{ bos_token }}{{ '<|start_header_id|>' }}{{ '<|eot_id|>' }}Cutting Knowledge Date: "
      "December "
      "2023\\n{% set date_string = \"26 Jul 2024\" %}");
  EXPECT_EQ(llama.format, ChatFormat::kLlama3);
  EXPECT_EQ(llama.system_prefix,
            "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n");
  // Qwen 2.5 writes line breaks as \n inside its literals, and puts the tools' system together from
  // pieces first.
  const ChatStyle qwen25 = style(
      "{{- '<|im_start|>system\\n' }}{{- 'x' }}{{- '<|im_start|>system\\nYou are Qwen, created by "
      "Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}");
  EXPECT_EQ(qwen25.default_system,
            "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.");
  EXPECT_FALSE(qwen25.empty_think);
  const ChatStyle qwen3 = style(
      "'<|im_start|>' '<|im_end|>' {%- if enable_thinking is defined and enable_thinking is false "
      "%}{{- '<think>\\n\\n</think>\\n\\n' }}");
  EXPECT_TRUE(qwen3.empty_think);
  EXPECT_EQ(qwen3.default_system, "");
}

TEST(ChatTemplateTest, AnUnknownTemplateIsAnError) {
  for (const std::string_view text :
       {"", "{{ '[INST] ' + message['content'] + ' [/INST]' }}", "<|im_start|> only",
        "<|im_start|> <|im_end|> and <start_of_turn> <end_of_turn>"}) {
    const auto recognised = ChatTemplate::FromTemplateText(text);
    ASSERT_FALSE(recognised) << text;
    EXPECT_EQ(recognised.error().kind, ErrorKind::kBadInput);
    EXPECT_EQ(recognised.error().message.substr(0, 7), "trying ");
  }
  EXPECT_FALSE(
      ChatTemplate::FromTemplateText("<|im_start|> <|im_end|> enable_thinking '<think>\\n'"));
}

TEST(ChatTemplateTest, RendersLlama3) {
  ChatStyle style;
  style.format = ChatFormat::kLlama3;
  style.print_bos = true;
  const Tokenizer tokenizer = ForFormat(style.format);
  EXPECT_EQ(Text(ChatTemplate(style), tokenizer, {{"system", "S"}, {"user", " hi "}},
                 GenerationPrompt::kAdd),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  style.system_prefix = "D\n\n";
  EXPECT_EQ(Text(ChatTemplate(style), tokenizer, {{"user", "hi"}}, GenerationPrompt::kNone),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nD\n\n<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>");
}

TEST(ChatTemplateTest, RendersGemmaWhichHasNoSystemRole) {
  ChatStyle style;
  style.format = ChatFormat::kGemma;
  style.print_bos = true;
  const ChatTemplate gemma(style);
  const Tokenizer tokenizer = ForFormat(style.format);
  EXPECT_EQ(
      Text(gemma, tokenizer,
           {{"system", "S"}, {"user", " hi\n"}, {"assistant", " yo "}, {"user", "x"}},
           GenerationPrompt::kAdd),
      "<bos><start_of_turn>user\nS\n\nhi<end_of_turn>\n<start_of_turn>model\nyo<end_of_turn>\n"
      "<start_of_turn>user\nx<end_of_turn>\n<start_of_turn>model\n");
  EXPECT_EQ(Text(gemma, tokenizer, {{"user", "a"}, {"user", "b"}}, GenerationPrompt::kNone),
            "error: rendering a conversation: message 2 is of the user where the assistant is due: "
            "Gemma's turns alternate, beginning with the user");
  EXPECT_FALSE(gemma.RenderPrompt(tokenizer, {{"assistant", "a"}}));
}

TEST(ChatTemplateTest, RefusesOtherRoles) {
  const ChatTemplate chat_ml{ChatStyle{}};
  const Tokenizer tokenizer = ForFormat(ChatFormat::kChatMl);
  EXPECT_EQ(Text(chat_ml, tokenizer, {}, GenerationPrompt::kAdd),
            "error: rendering a conversation: it has no messages");
  EXPECT_EQ(Text(chat_ml, tokenizer, {{"tool", "x"}}, GenerationPrompt::kAdd),
            "error: rendering a conversation: message 1 has the role \"tool\"");
  EXPECT_EQ(Text(chat_ml, tokenizer, {{"user", "x"}, {"system", "y"}}, GenerationPrompt::kAdd),
            "error: rendering a conversation: message 2 is a system message");
}

TEST(ChatTemplateTest, LearnsOnlyTheAnswersThatAreToBeLearned) {
  for (const ChatFormat format :
       {ChatFormat::kChatMl, ChatFormat::kLlama3, ChatFormat::kGemma, ChatFormat::kPlain}) {
    ChatStyle style;
    style.format = format;
    const Tokenizer tokenizer = ForFormat(format);
    Chat chat = {{"system", "be brief"},
                 {"user", "a"},
                 {"assistant", "first"},
                 {"user", "b"},
                 {"assistant", "second"}};
    chat[2].learned = false;
    const auto rendered = ChatTemplate(style).RenderForTraining(tokenizer, chat);
    ASSERT_TRUE(rendered) << rendered.error().message;
    ASSERT_EQ(rendered->tokens.size(), rendered->is_target.size());
    const std::string end = format == ChatFormat::kChatMl   ? "<|im_end|>"
                            : format == ChatFormat::kLlama3 ? "<|eot_id|>"
                            : format == ChatFormat::kGemma  ? "<end_of_turn>"
                                                            : "<|endoftext|>";
    EXPECT_EQ(Targets(*rendered, tokenizer), "second" + end);
    ASSERT_EQ(rendered->message_ends.size(), 5u);
    EXPECT_EQ(rendered->message_ends[4], static_cast<int64_t>(rendered->tokens.size()));
  }
}

// The property that makes what was learned apply when answering. Contents begin with line breaks,
// which this tokenizer would gladly merge with the header's.
TEST(ChatTemplateTest, PromptAndAnswerAreAPrefixOfTheTrainingRendering) {
  for (const ChatFormat format :
       {ChatFormat::kChatMl, ChatFormat::kLlama3, ChatFormat::kGemma, ChatFormat::kPlain}) {
    for (const bool think : {false, true}) {
      if (think && format != ChatFormat::kChatMl) continue;
      ChatStyle style;
      style.format = format;
      style.empty_think = think;
      style.default_system = "S";
      const ChatTemplate chat_template(style);
      const Tokenizer tokenizer = ForFormat(format);
      const Chat chat = {
          {"user", "\nab"}, {"assistant", "\na answer"}, {"user", "  \n"}, {"assistant", "a"}};
      const auto whole = chat_template.RenderForTraining(tokenizer, chat);
      ASSERT_TRUE(whole) << whole.error().message;
      for (const size_t turn : {size_t{1}, size_t{3}}) {
        auto prompt = chat_template.RenderPrompt(
            tokenizer, Chat(chat.begin(), chat.begin() + static_cast<std::ptrdiff_t>(turn)));
        ASSERT_TRUE(prompt) << prompt.error().message;
        ASSERT_LT(prompt->size(), whole->tokens.size());
        EXPECT_TRUE(std::equal(prompt->begin(), prompt->end(), whole->tokens.begin()));
        // The answer's first token is the first thing to be learned of this turn.
        EXPECT_EQ(whole->is_target[prompt->size()], 1);
        EXPECT_EQ(whole->is_target[prompt->size() - 1], 0);
      }
    }
  }
}

// Whatever people write, the control tokens in a rendering are the template's own.
TEST(ChatTemplateTest, WordsCannotBecomeControlTokens) {
  for (const ChatFormat format :
       {ChatFormat::kChatMl, ChatFormat::kLlama3, ChatFormat::kGemma, ChatFormat::kPlain}) {
    ChatStyle style;
    style.format = format;
    const Tokenizer tokenizer = ForFormat(format);
    std::string attack = "x";
    for (int32_t id = 0; id < tokenizer.size(); ++id) {
      if (tokenizer.IsControl(id)) attack += tokenizer.TokenBytes(id);
    }
    const auto controls = [&](const std::string& words) {
      const auto chat = ChatTemplate(style).RenderForTraining(
          tokenizer, {{"system", words}, {"user", words}, {"assistant", words}});
      EXPECT_TRUE(chat) << chat.error().message;
      Ids ids;
      for (const int32_t id : chat->tokens) {
        if (tokenizer.IsControl(id)) ids.push_back(id);
      }
      return ids;
    };
    EXPECT_EQ(controls(attack), controls("x"));
  }
}

// Whatever markers its vocabulary has, it was not trained on them.
TEST(ChatTemplateTest, ABaseModelEndsTurnsWithTheEndOfText) {
  for (const ChatFormat format : {ChatFormat::kGemma, ChatFormat::kPlain}) {
    const Tokenizer tokenizer = ForFormat(format);
    const auto chosen = ChatTemplate::FromVocabulary(tokenizer);
    ASSERT_TRUE(chosen);
    const auto chat = chosen->RenderForTraining(tokenizer, {{"user", "a"}, {"assistant", "b"}});
    ASSERT_TRUE(chat) << chat.error().message;
    int32_t last_learned = -1;
    for (size_t i = 0; i < chat->tokens.size(); ++i) {
      if (chat->is_target[i]) last_learned = chat->tokens[i];
    }
    EXPECT_EQ(last_learned, *tokenizer.eos());
  }
}

TEST(ChatTemplateTest, JsonKeepsEverything) {
  ChatStyle style;
  style.format = ChatFormat::kLlama3;
  style.print_bos = true;
  style.default_system = "Будь \"краток\"";
  style.system_prefix = "D\n";
  style.empty_think = true;
  const std::string json = ChatTemplate(style).ToJson();
  EXPECT_EQ(json.find('\n'), std::string::npos);
  const auto back = ChatTemplate::FromJson(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->ToJson(), json);
  EXPECT_EQ(back->style().default_system, style.default_system);
  EXPECT_TRUE(back->style().empty_think);
  EXPECT_FALSE(ChatTemplate::FromJson("{}"));
  EXPECT_FALSE(ChatTemplate::FromJson("{\"format\":\"other\"}"));
  EXPECT_FALSE(ChatTemplate::FromJson("{\"format\":\"chatml\",\"new\":1}"));
  EXPECT_FALSE(ChatTemplate::FromJson("x"));
}

TEST(ChatTemplateTest, ReadsTheBaseModels) {
  struct Row {
    const char* file;
    const char* prompt;
  };
  constexpr Row kRows[] = {
      {"SmolLM2-135M-Instruct.Q4_1.gguf",
       "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
       "Face<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"},
      {"gemma-3-270m-q4_k_m.gguf", "<bos>user\nhi<eos>\nassistant\n"},
  };
  for (const Row& row : kRows) {
    const auto path = CachedModel(row.file);
    ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing: idiolect models pull";
    const auto file = GgufFile::Open(path);
    ASSERT_TRUE(file);
    const auto tokenizer = Tokenizer::FromGguf(*file);
    ASSERT_TRUE(tokenizer);
    const auto chat_template = ChatTemplate::FromGguf(*file, *tokenizer);
    ASSERT_TRUE(chat_template) << chat_template.error().message;
    EXPECT_EQ(Text(*chat_template, *tokenizer, {{"user", "hi"}}, GenerationPrompt::kAdd),
              row.prompt);
    // The prompt's tokens are those of its text parsed as a whole.
    EXPECT_EQ(*chat_template->RenderPrompt(*tokenizer, {{"user", "hi"}}),
              tokenizer->Encode(row.prompt, Specials::kParse));
  }
}

// The originals rendered by a Jinja engine. Qwen 3 in its own way with earlier turns is left out:
// see ChatStyle::empty_think.
TEST(SharedVectorsTest, Chats) {
  const auto path = ReferenceFolder() / "tokenizer-chat-vectors.jsonl";
  int compared = 0;
  for (const auto& line : ReadJsonLines(path)) {
    if (line["kind"] != "chat") continue;
    ChatStyle style;
    const std::string model = line["model"];
    style.format = model == "gemma3"     ? ChatFormat::kGemma
                   : model == "llama3_1" ? ChatFormat::kLlama3
                                         : ChatFormat::kChatMl;
    style.print_bos = model != "qwen3";
    Chat chat;
    for (const auto& message : line["messages"]) {
      chat.push_back({message["role"], message["content"]});
    }
    if (model == "qwen3") {
      const bool answered = line["messages"].back()["role"] == "assistant";
      const bool generates = line["add_generation_prompt"];
      style.empty_think = answered || line.value("enable_thinking", true) == false;
      if (chat.size() > 2 || (answered && generates)) continue;
    }
    EXPECT_EQ(Text(ChatTemplate(style), ForFormat(style.format), chat,
                   line["add_generation_prompt"].get<bool>() ? GenerationPrompt::kAdd
                                                             : GenerationPrompt::kNone),
              line["rendered"]);
    ++compared;
  }
  EXPECT_GE(compared, 16);
}

}  // namespace
}  // namespace idiolect
