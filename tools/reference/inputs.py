"""Every text the recordings are made from. All of it was written for this purpose; none comes from a real chat."""

SMOLLM2_SYSTEM = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
)


def chatml(user: str, assistant: str | None = None) -> str:
    """What SmolLM2's chat template renders for one user message, without and with the answer."""
    prompt = f"{SMOLLM2_SYSTEM}<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"
    return prompt if assistant is None else f"{prompt}{assistant}<|im_end|>"


# The greedy prompts were chosen among a few so that no step of the 48 is close to a tie and none is an end token.
GREEDY_PROMPTS = {
    "smollm2": [
        chatml("List the days of the week."),
        chatml("How do I sort a list of 12345 numbers in Python?"),
        chatml("Расскажи, пожалуйста, о Москве."),
    ],
    "gemma3": [
        "def fibonacci(n):\n",
        "Anna: are you coming tonight?\nBoris:",
        "Столица России — город",
    ],
}

# Over 600 Gemma tokens, so that the 512-token window cuts off the beginning for the last position.
LONG_PROMPT = """\
The keeper of the lighthouse had a rule that he never broke: before he lit the lamp he wrote one line in the book. On the \
first page stood the name of the boat that had brought him, the Marguerite, and the date, the third of October. After that \
came the weather, the ships, and now and then a word about the cat. He did not write about himself, for he thought that \
nobody would ever want to read it.

In the first winter the sea took the lower stairs. He wrote: "Stairs gone. Lamp burns." In the spring two men came with \
planks and nails, and stayed for a week, and argued about politics every evening. He wrote: "Stairs mended. Quiet again."

Весной на остров приехала девочка с отцом, который чинил приборы. Её звали Вера, ей было девять лет, и она хотела знать всё: \
почему свет крутится, куда уходят корабли, сколько ступенек в башне и кто написал первую строчку в книге. Смотритель отвечал \
коротко, но честно. «Ступенек сто сорок две, — говорил он. — Корабли уходят домой. А книгу начал я сам».

Вера сосчитала ступеньки, и вышло сто сорок три. Они пошли считать вместе, сначала вверх, потом вниз, и оба раза выходило \
по-разному. Вечером смотритель записал: «Ступенек сто сорок две или сто сорок три. Надо проверить». Отец смеялся и говорил, \
что приборы показали бы точнее, но прибора для ступенек у него не было.

When the girl left she asked for a page of the book, and he gave her an empty one. "Write to me what you see," he said, "one \
line a day, no more." She promised. For a whole year nothing came, and then in one bag of post there were three hundred and \
sixty-five postcards, each with one line. "Today it rained." "Today I saw a dog with one blue eye." "Today I counted the steps \
in our house: there are twelve, I am certain." He pinned them to the wall from the bottom of the tower to the top, and when \
he had finished there was one card for every step, and many left over.

The next year the post stopped. The boat came with oil and flour and newspapers, but the bag was thin, and in the book there \
were weeks of nothing but wind. "North-west, strong. Cat well." "North-west, stronger. Cat displeased." He had begun to read \
the cards from the top down, and then every second one, so that they would last.

Он перечитывал их по вечерам, по одной на каждой ступеньке, и никогда не торопился. Если шёл дождь, он искал открытку с дождём; \
если было ясно, искал ясную. Про собаку с голубым глазом он вспоминал чаще всего. А когда в книге кончилось место, он взял \
новую, и на первой странице написал не название лодки и не число, а вот что:

"""

# Rendered conversations for the LoRA curves: everything before TARGET is context, everything after it is learned.
TARGET = "\0"


def chatml_pair(user: str, assistant: str) -> str:
    return f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n{TARGET}{assistant}<|im_end|>"


def gemma_pair(user: str, assistant: str) -> str:
    return (
        f"<bos><start_of_turn>user\n{user}<end_of_turn>\n<start_of_turn>model\n{TARGET}{assistant}<end_of_turn>"
    )


# Two batches of two sequences each; every sequence has 40 to 64 tokens.
LORA_BATCHES = {
    "smollm2": [
        [
            chatml_pair("Are you coming to the lake on Saturday?", "yesss!! bringing the big towel and my brother, he owes me a swim since June and he knows it :D"),
            chatml_pair("Did you finish the report already?", "nope. third coffee, second page, zero ideas left. send help or at least cookies, I beg you, the deadline is at six"),
        ],
        [
            chatml_pair("Ты где? Мы ждём!", "уже бегу, пять минут!"),
            chatml_pair("What should I cook for eight people tonight?", "big pot of chili, no questions asked. rice on the side, lime on top, and nobody washes up alone, done"),
        ],
    ],
    "gemma3": [
        [
            gemma_pair("Ты придёшь в субботу на озеро?", "дааа!! беру большое полотенце и брата, он мне с июня должен заплыв :D"),
            gemma_pair("Did you finish the report already?", "nope. third coffee, second page, zero ideas left. send help or at least cookies, I beg you, the deadline is at six"),
        ],
        [
            gemma_pair("Ты где? Мы уже все собрались и ждём только тебя.", "бегу-бегу, пять минут! автобус встал на мосту, иду пешком"),
            gemma_pair("What should I cook for eight people tonight?", "big pot of chili, no questions asked. rice on the side, lime on top, and nobody washes up alone, done"),
        ],
    ],
}

# Encoded with special parsing off.
TOKENIZER_TEXTS = [
    "",
    "a",
    " ",
    "Hello, world!",
    " leading space",
    "trailing space ",
    "The quick brown fox jumps over the lazy dog.",
    "I'm sure they've said it's what we'd do; you'll see, she'll say I'M NOT, THEY'RE NOT, DON'T.",
    "’tis the curly apostrophe: don’t, it’s, we’ll",
    "rock'n'roll 'quoted' ''double''",
    "Привет, мир!",
    " Привет",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "ПРИВЕТ КАК ДЕЛА ЧТО ДЕЛАЕШЬ",
    "ну тыыыы даёёёёшь)))))) ахахахахах",
    "Ёлка, ёжик; объём — «кавычки» … №5",
    "достопримечательность превысокомногорассмотрительствующий",
    "и\u0306 е\u0308 (decomposed) й ё (composed)",
    "Українська: їжак, ґанок, є. Беларуская: ў. Қазақша: ә ғ қ ң ө ұ ү һ і",
    "ок, see you завтра в 18:30 at the office, пришли pdf плиз",
    "deadlineы горят, фича in progress",
    "0 1 12 123 1234 12345 1234567890",
    "3.14159 1,000,000 -42 +7 (999) 123-45-67 1e-10 0xFF",
    "2026-11-24T15:00:00Z v1.2.3",
    "abc123def456 7seven se7en",
    "٠١٢٣٤٥ ०१२३ ½ ¾ Ⅷ ² ₃ ①",
    "😀",
    "hi 😀😀😂🤣 ok",
    "👩‍👩‍👧‍👦 👍🏽 🇷🇺🇬🇧 ❤️ ☕ 🏳️‍🌈",
    ":) :-( ;D ¯\\_(ツ)_/¯ (╯°□°)╯︵ ┻━┻",
    "two  spaces",
    "three   spaces    four     five",
    "x" + " " * 16 + "y" + " " * 31 + "z" + " " * 32 + "w" + " " * 40,
    "   ",
    "\t",
    "\tif\t\tx:\t\t\treturn",
    " \t mixed \t \t whitespace \n \t",
    "\n",
    "\n\n",
    "a\nb\n\nc\n\n\nd",
    "line one\r\nline two\r\n\r\nend",
    "lone\rcarriage",
    "q" + "\n" * 31 + "w" + "\n" * 35 + "e",
    "text \n  indented\n    more   \n",
    "nbsp\u00a0here, narrow\u202fnbsp, ideographic\u3000space, em\u2003space",
    "zero\u200bwidth\u200djoiner\ufeffbom\u00adsoft",
    "line\u2028separator\u2029paragraph\u0085next\x0bvt\x0cff",
    "control \x01\x02\x1b[31mred\x7f",
    "def f(x: int) -> int:\n    # комментарий\n    return x ** 2 + 1\n",
    "for (int i = 0; i < n; ++i) { std::cout << a[i] << '\\n'; }",
    '{"role": "user", "content": "привет\\nмир", "n": [1, 2.5, null, true]}',
    "<div class=\"a\"><p>text &amp; more</p></div><br/>",
    "<table><tr><td>1</td></tr></table><h1>Title</h1><strong>b</strong>",
    "SELECT * FROM t WHERE a='b' AND c<>1; -- comment",
    "https://example.com/path/to?query=1&x=%D0%BF#frag user.name+tag@example.co.uk",
    "/usr/local/bin/thing.sh C:\\Users\\me\\file.txt ~/x",
    "# Heading\n\n- item **bold** _it_\n- [x] `code`\n\n```cpp\nint x;\n```\n",
    "!!! ??? ... --- === *** ### $$$ %%% &&& @@@ ~~~ ```",
    "camelCaseIdentifier snake_case_identifier SCREAMING_SNAKE kebab-case-id",
    "Pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "qwrtpsdfghjklzxcvbnm" * 4,
    "naïve café Zürich Łódź São Ångström ĳ œ ß ẞ ﬁ",
    "中文分词测试：今天天气很好。",
    "日本語のテキスト、カタカナとひらがな。ｱｲｳ",
    "한국어 텍스트입니다",
    "العربية من اليمين إلى اليسار، نص",
    "עברית עם נִקּוּד",
    "हिन्दी में पाठ क्षत्रिय",
    "ภาษาไทยไม่มีช่องว่าง",
    "ქართული ტექსტი հայերեն տեքստ አማርኛ ពាក្យ བོད་ཡིག",
    "𒀀𒁀 𐌰𐌱 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚 𓀀 ᚠᚢᚦ",
    "Z̷͇̊a̸̡͝l̴̰̈g̶̛͜o̵",
    "replacement \ufffd private \ue000 unassigned \u0378 last \U0010ffff",
    "literal ▁ block ▁▁ and Ġ Ċ Ä dots",
    "<|im_start|>user\nignore this<|im_end|>",
    "<|im_end|>",
    "<|endoftext|> <file_sep> <jupyter_code>",
    "<start_of_turn>user\nignore this<end_of_turn>",
    "<bos> <eos> <pad> <unk> <mask> <unused5> [multimodal] <start_of_image>",
    "<0x41> <0x0A> <0xFF>",
    "</s> <s> [INST] <<SYS>> <|eot_id|>",
]

# Encoded with special parsing on: control tokens in the text become control tokens.
SPECIAL_TEXTS = {
    "smollm2": [
        chatml("Hi there"),
        chatml("Привет", "Привет!"),
        "a<|im_end|>b <|im_end|> c",
        "<|im_start|><|im_start|>\n\n<|im_end|>\n",
    ],
    "gemma3": [
        "<bos><start_of_turn>user\nHi there<end_of_turn>\n<start_of_turn>model\n",
        "<bos><start_of_turn>user\nПривет<end_of_turn>\n<start_of_turn>model\nПривет!<end_of_turn>\n",
        "a<end_of_turn>b <end_of_turn> c",
        "<eos><eos>\n\n<end_of_turn>\n  x",
    ],
}
