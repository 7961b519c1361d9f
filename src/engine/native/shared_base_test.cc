// Several conversations and adapters on one base: what each gets is what it would get alone.

#include "engine/native/shared_base.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/random.h"
#include "engine/files/test_gguf.h"
#include "engine/files/test_paths.h"
#include "engine/native/decoder.h"
#include "engine/native/local_chat.h"
#include "engine/native/test_models.h"

namespace idiolect::native {
namespace {

ModelConfig ByteModel(ModelConfig config) {
  config.vocabulary = 259;
  config.context_length = 4096;
  return config;
}

LoraAdapter RandomAdapter(const ModelConfig& config, uint64_t seed, int rank,
                          const std::vector<std::string>& projections, bool dora = false) {
  Random random(seed);
  LoraAdapter adapter;
  adapter.use_dora = dora;
  adapter.rank = rank;
  adapter.alpha = 2 * rank;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const std::string& name : projections) {
      const auto [rows, columns] = ShapeOf(config, *FindProjection(name));
      LoraPair pair{layer, name, {rank, columns, {}}, {rows, rank, {}}};
      auto fill = [&](NamedMatrix* matrix) {
        matrix->values.resize(static_cast<size_t>(matrix->rows * matrix->columns));
        for (float& x : matrix->values) x = static_cast<float>(random.Uniform() - 0.5) * 0.6f;
      };
      fill(&pair.a);
      fill(&pair.b);
      for (int64_t o = 0; dora && o < rows; ++o) {
        pair.magnitudes.push_back(static_cast<float>(0.5 + random.Uniform()));
      }
      adapter.pairs.push_back(std::move(pair));
    }
  }
  return adapter;
}

const std::vector<std::string> kAll = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                       "gate_proj", "up_proj", "down_proj"};

class Threads {
 public:
  const Compute& compute() const { return compute_; }

 private:
  ThreadPool pool_{2};
  Compute compute_{&ChooseKernels(), &pool_};
};

std::vector<int32_t> SomeTokens(int count, int step) {
  std::vector<int32_t> tokens;
  for (int i = 0; i < count; ++i) tokens.push_back((i * step + 11) % 90);
  return tokens;
}

TEST(Forward, FactorsGiveWhatMergedWeightsGive) {
  const Threads threads;
  const Compute& compute = threads.compute();
  for (const ModelConfig& config : {TinyLlama(), TinyGemma()}) {
    for (const auto& projections : {kAll, {"q_proj", "v_proj"}, {"k_proj", "up_proj"}}) {
      for (const bool dora : {false, true}) {
        const LoraAdapter adapter = RandomAdapter(config, 4, 3, projections, dora);
        const auto merge = MergeVisitor(compute, config, adapter);
        ASSERT_TRUE(merge);
        const Weights merged = RandomWeights(compute, config, Dtype::kF32, 0, 3, *merge);
        const Weights base = RandomWeights(compute, config, Dtype::kF32, 0, 3, nullptr);
        const auto factors = LoadAdapterWeights(compute, config, Dtype::kF32, adapter, &base);
        ASSERT_TRUE(factors) << factors.error().message;
        Decoder with_merged(compute, merged), with_factors(compute, base, &*factors);
        std::vector<float> a(static_cast<size_t>(config.vocabulary)), b(a.size());
        const std::vector<int32_t> tokens = SomeTokens(30, 7);
        for (const auto& [first, count] : {std::pair<size_t, size_t>{0, 20}, {20, 1}, {21, 9}}) {
          with_merged.Run(std::span(tokens).subspan(first, count), a.data());
          with_factors.Run(std::span(tokens).subspan(first, count), b.data());
          for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-3);
        }
      }
    }
  }
}

TEST(Forward, NeighboursInAStepDoNotMatter) {
  const Threads threads;
  const Compute& compute = threads.compute();
  for (const ModelConfig& config : {TinyLlama(), TinyGemma()}) {
    for (const Dtype type : {Dtype::kF32, Dtype::kBf16}) {
      const Weights weights = RandomWeights(compute, config, type, 0, 3, nullptr);
      const auto one = LoadAdapterWeights(compute, config, type, RandomAdapter(config, 1, 4, kAll));
      const auto two = LoadAdapterWeights(
          compute, config, type, RandomAdapter(config, 2, 5, {"down_proj"}, true), &weights);
      ASSERT_TRUE(one && two);
      const std::vector<const AdapterWeights*> adapters = {&*one, nullptr, &*two, &*one, nullptr};
      MemoryBudget budget(1 << 30);
      Forward forward(compute, weights);
      std::vector<std::unique_ptr<Sequence>> sequences;
      std::vector<std::unique_ptr<Decoder>> alone;
      for (const AdapterWeights* adapter : adapters) {
        sequences.push_back(std::make_unique<Sequence>(config, type, &budget));
        sequences.back()->adapter = adapter;
        alone.push_back(std::make_unique<Decoder>(compute, weights, adapter));
      }
      const auto vocabulary = static_cast<size_t>(config.vocabulary);
      for (int step = 0; step < 6; ++step) {
        std::vector<std::vector<int32_t>> tokens;
        std::vector<std::vector<float>> logits(adapters.size(), std::vector<float>(vocabulary));
        std::vector<StepPart> parts;
        for (size_t i = 0; i < adapters.size(); ++i) {
          // Prompts of all lengths beside single tokens.
          const int count = (step + static_cast<int>(i)) % 3 == 0 ? 3 + 4 * static_cast<int>(i) : 1;
          tokens.push_back(SomeTokens(count, 3 + step));
        }
        for (size_t i = 0; i < adapters.size(); ++i) {
          Sequence& sequence = *sequences[i];
          ASSERT_TRUE(sequence.cache.Reserve(sequence.cache.length() +
                                             static_cast<int64_t>(tokens[i].size())));
          parts.push_back({&sequence, tokens[i], logits[i].data(), nullptr});
        }
        forward.Run(parts);
        std::vector<float> expected(vocabulary);
        for (size_t i = 0; i < adapters.size(); ++i) {
          alone[i]->Run(tokens[i], expected.data());
          ASSERT_EQ(expected, logits[i]) << config.architecture << " step " << step << " of " << i;
        }
      }
    }
  }
}

TEST(KvCache, WindowsBoundTheMemory) {
  const Threads threads;
  ModelConfig config = TinyGemma();
  config.sliding = {true, true, true};
  config.context_length = 1 << 20;
  const Weights weights = RandomWeights(threads.compute(), config, Dtype::kF32, 0, 3, nullptr);
  const std::vector<int32_t> tokens = SomeTokens(4000, 7);
  MemoryBudget budget(1 << 30);
  Sequence sequence(config, Dtype::kF32, &budget);
  Forward forward(threads.compute(), weights);
  std::vector<float> logits(static_cast<size_t>(config.vocabulary)), expected(logits.size());
  size_t at = 0;
  for (int round = 0; at < tokens.size(); ++round) {
    const size_t count = std::min(tokens.size() - at, round % 2 == 0 ? size_t{1} : size_t{500});
    ASSERT_TRUE(sequence.cache.Reserve(static_cast<int64_t>(at + count)));
    const StepPart part{&sequence, std::span(tokens).subspan(at, count), logits.data(), nullptr};
    forward.Run(std::span(&part, 1));
    at += count;
    // Three layers of five positions: nothing further back reaches the last token.
    const size_t reach = std::min<size_t>(at, 13);
    Decoder tail(threads.compute(), weights);
    tail.Run(std::span(tokens).subspan(at - reach, reach), expected.data());
    for (size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 2e-3) << at;
  }
  const int64_t row = 2 * 4 * config.kv_heads * config.head_dim * config.layers;
  EXPECT_LT(budget.used(), 1400 * row);
  EXPECT_EQ(budget.used(), sequence.cache.bytes());
  // A copy of the start goes on as its original would; what a window has lost cannot be copied.
  Sequence copy(config, Dtype::kF32, &budget);
  ASSERT_TRUE(copy.cache.Reserve(3990));
  EXPECT_FALSE(copy.cache.CopyStart(sequence.cache, 100));
  ASSERT_TRUE(copy.cache.CopyStart(sequence.cache, 3990));
  ASSERT_TRUE(copy.cache.Reserve(4000));
  const StepPart rest{&copy, std::span(tokens).subspan(3990), expected.data(), nullptr};
  forward.Run(std::span(&rest, 1));
  for (size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 2e-3);
  // A little can be taken back; what a window has lost cannot.
  EXPECT_EQ(sequence.cache.Truncate(3990), 3990);
  EXPECT_EQ(sequence.cache.Truncate(100), 0);
}

TEST(KvCache, TheBudgetIsKept) {
  const ModelConfig config = TinyLlama();
  const int64_t row = 2 * 4 * config.kv_heads * config.head_dim * config.layers;
  MemoryBudget budget(1000 * row);
  {
    KvCache cache(config, Dtype::kF32, &budget);
    EXPECT_TRUE(cache.Reserve(600));
    EXPECT_FALSE(cache.Reserve(1001));
    EXPECT_TRUE(cache.Reserve(1000));  // doubling is too much, but this fits
    KvCache other(config, Dtype::kF32, &budget);
    EXPECT_FALSE(other.Reserve(1));
  }
  EXPECT_EQ(budget.used(), 0);
}

// A model of random weights with a tokenizer of bytes. What it writes makes no sense, but always
// the same.
std::shared_ptr<BaseModel> ByteBase(int64_t cache_bytes = 1 << 28) {
  GgufBuilder builder;
  AddByteLevelTokenizer(&builder, "gpt-2", {{"a", "b"}, {"{", "\""}, {"\"", ":"}, {"\"", "}"}});
  const std::string bytes = builder.Build();
  auto file = GgufFile::Parse(bytes, "test");
  EXPECT_TRUE(file) << file.error().message;
  auto tokenizer = Tokenizer::FromGguf(*file);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  ModelConfig config = ByteModel(TinyLlama());
  config.vocabulary = tokenizer->size();
  auto base = std::make_shared<BaseModel>(2, cache_bytes, std::move(*tokenizer));
  base->weights = RandomWeights(base->compute, config, Dtype::kF32, 0, 9, nullptr);
  base->own_template = ChatTemplate(ChatStyle{});
  base->batcher = std::make_unique<Batcher>(base->compute, base->weights);
  return base;
}

GenerateOptions Greedy(int tokens) {
  GenerateOptions options;
  options.max_tokens = tokens;
  options.temperature = 0;
  options.repetition_penalty = 1;
  options.frequency_penalty = 0.5;  // else such a model repeats itself at once
  return options;
}

std::unique_ptr<ChatSession> Session(const ChatModel& model) {
  auto session = model.NewSession();
  EXPECT_TRUE(session);
  return std::move(*session);
}

Generation Say(ChatSession& session, const std::string& text, const GenerateOptions& options) {
  auto said = session.Generate({{"user", text}}, options, {}, Interrupt());
  EXPECT_TRUE(said) << said.error().message;
  return said ? *said : Generation();
}

TEST(SharedBase, ThreadsAndAdaptersGetWhatTheyGetAlone) {
  const TemporaryFolder folder;
  const auto base = ByteBase();
  for (const int i : {0, 1}) {
    ASSERT_TRUE(WriteLoraAdapter(folder.path() / std::to_string(i),
                                 RandomAdapter(base->weights.config, 5 + i, 4, kAll)));
  }
  const auto shared = ShareBase(base);
  std::vector<std::unique_ptr<ChatModel>> models;
  for (const auto& path : {std::filesystem::path(), folder.path() / "0", folder.path() / "1"}) {
    auto model = shared->Model(path, "m" + std::to_string(models.size()));
    ASSERT_TRUE(model) << model.error().message;
    models.push_back(std::move(*model));
  }
  EXPECT_EQ(models[1]->Name(), "m1");
  std::vector<std::string> prompts, alone;
  for (size_t i = 0; i < 6; ++i) {
    prompts.push_back(std::string(20 + 150 * (i % 2), static_cast<char>('a' + i)));
    alone.push_back(Say(*Session(*models[i % 3]), prompts[i], Greedy(40)).text);
  }
  EXPECT_NE(alone[0], alone[1]);
  const Batcher::Counts before = base->batcher->counts();
  std::vector<std::thread> threads;
  std::atomic<int> ready{0};
  std::vector<std::string> together(prompts.size());
  for (size_t i = 0; i < prompts.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto session = Session(*models[i % 3]);
      ++ready;
      while (ready < 6) std::this_thread::yield();
      together[i] = Say(*session, prompts[i], Greedy(40)).text;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
  const Batcher::Counts after = base->batcher->counts();
  EXPECT_GT(after.most_sequences, 1);
  EXPECT_LT(after.steps - before.steps, after.sequences - before.sequences);
}

TEST(SharedBase, ALongPromptDoesNotHoldUpOthers) {
  const auto base = ByteBase();
  bool mixed = false;
  // The system may put a thread aside for as long as the whole prompt takes, so not every time.
  for (int attempt = 0; attempt < 50 && !mixed; ++attempt) {
    MemoryBudget budget(1 << 28);
    Sequence talking(base->weights.config, Dtype::kF32, &budget);
    Sequence reading(base->weights.config, Dtype::kF32, &budget);
    ASSERT_TRUE(talking.cache.Reserve(4000) && reading.cache.Reserve(2000));
    std::atomic<bool> started{false}, finished{false};
    int during = 0;
    std::vector<float> a(259 + 4), b(a.size());
    std::thread talker([&] {
      const int32_t token = 7;
      for (int i = 0; i < 4000 && !finished; ++i) {
        ASSERT_TRUE(base->batcher->Run(&talking, std::span(&token, 1), a.data(), Interrupt()));
        if (started && !finished) ++during;
        started = true;
      }
      base->batcher->Leave(&talking);
    });
    while (!started) std::this_thread::yield();
    ASSERT_TRUE(base->batcher->Run(&reading, SomeTokens(2000, 3), b.data(), Interrupt()));
    finished = true;
    base->batcher->Leave(&reading);
    talker.join();
    mixed = during >= 3;
  }
  EXPECT_TRUE(mixed);
}

TEST(SharedBase, TheNextTurnCostsOnlyItsOwnTokens) {
  const auto base = ByteBase();
  const auto shared = ShareBase(base);
  const auto model = *shared->Model({}, "base");
  const auto session = Session(*model);
  std::vector<ChatMessage> messages = {{"user", "hello there"}};
  const auto first = session->Generate(messages, Greedy(12), {}, Interrupt());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cached_tokens, 0);
  messages.push_back({"user", "and again"});
  const auto second = session->Generate(messages, Greedy(12), {}, Interrupt());
  ASSERT_TRUE(second);
  // All of the first prompt but the opening of the assistant's turn.
  EXPECT_GE(second->cached_tokens, 14);
  EXPECT_LT(second->cached_tokens, first->prompt_tokens);
  messages.push_back({"user", "third"});
  const auto third = Session(*model)->Generate(messages, Greedy(12), {}, Interrupt());
  ASSERT_TRUE(third);
  EXPECT_GT(third->cached_tokens, second->cached_tokens);
}

TEST(SharedBase, AnotherConversationBeginsWithACopyOfTheSharedStart) {
  const auto base = ByteBase();
  const auto model = *ShareBase(base)->Model({}, "base");
  const std::string system(60, 's');
  const auto ask = [&](const ChatModel& of, const std::string& text) {
    const auto said =
        Session(of)->Generate({{"system", system}, {"user", text}}, Greedy(30), {}, Interrupt());
    EXPECT_TRUE(said) << said.error().message;
    return said ? *said : Generation();
  };
  const Generation first = ask(*model, std::string(150, 'a'));
  const Generation second = ask(*model, std::string(150, 'b'));
  EXPECT_EQ(first.cached_tokens, 0);
  EXPECT_GE(second.cached_tokens, 60);
  EXPECT_LT(second.cached_tokens, second.prompt_tokens - 140);
  EXPECT_EQ(second.text,
            ask(**ShareBase(ByteBase())->Model({}, "base"), std::string(150, 'b')).text);
  // The first is still there, whole.
  EXPECT_GE(ask(*model, std::string(150, 'a')).cached_tokens, 200);
}

TEST(SharedBase, IdleConversationsTakeALittleOfTheMemory) {
  constexpr int64_t kMemory = 1 << 22;
  const auto base = ByteBase(kMemory);
  const auto model = *ShareBase(base)->Model({}, "base");
  for (int i = 0; i < 200; ++i) {
    Say(*Session(*model), std::to_string(i) + " begins like no other", Greedy(2));
    EXPECT_LE(base->memory_used(), kMemory / 16);
  }
  // A single one is kept, however long: it is what its next turn goes on from.
  const std::string text(1500, 'x');
  Say(*Session(*model), text, Greedy(2));
  EXPECT_GT(base->memory_used(), kMemory / 16);
  EXPECT_GE(Session(*model)
                ->Generate({{"user", text}, {"user", "y"}}, Greedy(2), {}, Interrupt())
                ->cached_tokens,
            1500);
}

TEST(SharedBase, ShortPromptsAreReadInOnePieceEach) {
  const auto base = ByteBase();
  MemoryBudget budget(1 << 28);
  constexpr size_t kPrompts = 24;
  std::vector<std::unique_ptr<Sequence>> sequences;
  for (size_t i = 0; i < kPrompts; ++i) {
    sequences.push_back(std::make_unique<Sequence>(base->weights.config, Dtype::kF32, &budget));
    ASSERT_TRUE(sequences.back()->cache.Reserve(60));
  }
  std::vector<std::thread> threads;
  for (const auto& sequence : sequences) {
    threads.emplace_back([&] {
      std::vector<float> logits(static_cast<size_t>(base->weights.config.vocabulary));
      EXPECT_TRUE(
          base->batcher->Run(sequence.get(), SomeTokens(50, 3), logits.data(), Interrupt()));
      base->batcher->Leave(sequence.get());
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Some are done before others begin: a step's room for prompts cuts one of them at most.
  const Batcher::Counts counts = base->batcher->counts();
  EXPECT_GE(counts.steps, 3);
  EXPECT_LE(counts.sequences, static_cast<int64_t>(kPrompts) + counts.steps);
}

TEST(SharedBase, AnEndedConversationIsFoundByTheNextSession) {
  const auto model = *ShareBase(ByteBase())->Model({}, "base");
  std::vector<ChatMessage> messages = {{"user", "hello there"}};
  const auto first = Session(*model)->Generate(messages, Greedy(12), {}, Interrupt());
  ASSERT_TRUE(first);
  messages.push_back({"assistant", first->text});
  messages.push_back({"user", "and again"});
  const auto second = Session(*model)->Generate(messages, Greedy(12), {}, Interrupt());
  ASSERT_TRUE(second);
  EXPECT_GE(second->cached_tokens, 14);
  const auto alone = Session(**ShareBase(ByteBase())->Model({}, "base"))
                         ->Generate(messages, Greedy(12), {}, Interrupt());
  EXPECT_EQ(second->text, alone->text);
}

TEST(SharedBase, FullMemoryIsAnError) {
  const auto base = ByteBase(1 << 20);
  const auto model = *ShareBase(base)->Model({}, "base");
  const auto session = Session(*model);
  const auto answer =
      session->Generate({{"user", std::string(3500, 'x')}}, Greedy(5), {}, Interrupt());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message,
            "answering: the conversations under way fill the 1 MiB kept for them");
  // A shorter one still fits.
  EXPECT_EQ(Say(*session, "hi", Greedy(5)).completion_tokens, 5);
}

TEST(SharedBase, CanBeInterruptedAndGoOn) {
  const auto model = *ShareBase(ByteBase())->Model({}, "base");
  const auto session = Session(*model);
  Interrupt interrupt;
  int pieces = 0;
  GenerateOptions options = Greedy(30);
  const auto cut = session->Generate(
      {{"user", "abc"}}, options,
      [&](std::string_view) {
        if (++pieces == 3) interrupt.Request();
        return true;
      },
      interrupt);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->finish, FinishReason::kInterrupted);
  const auto before = session->Generate({{"user", "abc"}}, options, {}, interrupt);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->finish, FinishReason::kInterrupted);
  EXPECT_EQ(before->completion_tokens, 0);
  const Generation whole = Say(*session, "abc", options);
  EXPECT_EQ(whole.finish, FinishReason::kLength);
  EXPECT_EQ(whole.text, Say(*Session(*model), "abc", options).text);
}

TEST(GenerateOptions, LogProbabilitiesAreTheModels) {
  const auto base = ByteBase();
  const auto model = *ShareBase(base)->Model({}, "base");
  GenerateOptions options = Greedy(6);
  options.top_logprobs = 259 + 4;
  options.temperature = 0.7;  // changes the choice, not the report
  std::vector<TokenLogprob> seen;
  options.on_logprob = [&](const TokenLogprob& one) { seen.push_back(one); };
  const Generation said = Say(*Session(*model), "abc", options);
  ASSERT_EQ(said.logprobs.size(), 6u);
  ASSERT_EQ(seen.size(), 6u);
  for (const TokenLogprob& one : said.logprobs) {
    double total = 0, previous = 0;
    bool found = false;
    for (const auto& [bytes, logprob] : one.top) {
      total += std::exp(logprob);
      EXPECT_LE(logprob, previous);
      previous = logprob;
      found = found || (bytes == one.bytes && logprob == one.logprob);
    }
    EXPECT_NEAR(total, 1, 1e-6);
    EXPECT_TRUE(found);
  }
  options.top_logprobs = 0;
  EXPECT_TRUE(Say(*Session(*model), "abc", options).logprobs.front().top.empty());
  options.top_logprobs = -1;
  EXPECT_TRUE(Say(*Session(*model), "abc", options).logprobs.empty());
}

TEST(GenerateOptions, BiasForcesAndForbids) {
  const auto model = *ShareBase(ByteBase())->Model({}, "base");
  GenerateOptions options = Greedy(4);
  options.frequency_penalty = 0;
  options.logit_bias = {{'q', 100.0f}};
  EXPECT_EQ(Say(*Session(*model), "abc", options).text, "qqqq");
  options.logit_bias = {{'q', 100.0f}, {'z', 99.0f}};
  options.presence_penalty = 2;
  EXPECT_EQ(Say(*Session(*model), "abc", options).text, "qzqq");
  options.logit_bias = {{4000, 1.0f}};
  const auto refused = Session(*model)->Generate({{"user", "a"}}, options, {}, Interrupt());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "answering: the logit bias names token 4000, and the model has 263");
}

TEST(GenerateOptions, ARawPromptIsContinuedAsItStands) {
  const auto base = ByteBase();
  const auto model = *ShareBase(base)->Model({}, "base");
  GenerateOptions options = Greedy(8);
  options.prompt = PromptForm::kRaw;
  const Generation said = Say(*Session(*model), "xyz<|im_end|>", options);
  EXPECT_EQ(said.prompt_tokens, 13);  // the marker as text: byte after byte
  Decoder decoder(base->compute, base->weights);
  std::vector<float> logits(static_cast<size_t>(base->weights.config.vocabulary));
  decoder.Run(base->tokenizer.Encode("xyz<|im_end|>", Specials::kAsText), logits.data());
  const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
  GenerateOptions one = options;
  one.max_tokens = 1;
  one.top_logprobs = 0;
  EXPECT_EQ(Say(*Session(*model), "xyz<|im_end|>", one).logprobs.front().bytes,
            base->tokenizer.TokenBytes(static_cast<int32_t>(best)));
  const auto two =
      Session(*model)->Generate({{"user", "a"}, {"user", "b"}}, options, {}, Interrupt());
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().message, "continuing a text: one message is wanted and 2 are there");
}

TEST(GenerateOptions, JsonAnswersAreObjects) {
  const auto model = *ShareBase(ByteBase())->Model({}, "base");
  const auto session = Session(*model);
  GenerateOptions options;
  options.form = AnswerForm::kJson;
  options.max_tokens = 400;
  options.temperature = 1.5;
  options.top_p = 1;
  options.min_p = 0;
  // Closing what is open is made likelier, so that there is an end.
  options.logit_bias = {{'}', 2.0f}, {']', 2.0f}, {'"', 2.0f}, {'{', -1.0f}, {'[', -1.0f}};
  int whole = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    options.seed = seed;
    const Generation said = Say(*session, "abc", options);
    if (said.finish != FinishReason::kStop) continue;
    ++whole;
    const auto parsed = nlohmann::json::parse(said.text, nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << said.text;
  }
  EXPECT_GT(whole, 20);
}

}  // namespace
}  // namespace idiolect::native
