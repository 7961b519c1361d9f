#!/usr/bin/env python3
"""Writes tests/reference/o200k.jsonl: texts with the ids that tiktoken 0.14.0 gives them in o200k_base and the lengths
of the pieces its expression cuts (by the `regex` module, in bytes). Texts are invented or made by chance, with a fixed
seed, from characters of every class the expression knows.

    python -m venv VENV && VENV/bin/pip install tiktoken==0.14.0 && VENV/bin/python o200k_vectors.py > o200k.jsonl

tiktoken fetches the ranks, or takes them from TIKTOKEN_CACHE_DIR.
"""

import json
import random
import sys

import regex
import tiktoken

TEXTS = [
    "", " ", "\n", "a", "Привет! Как дела?", "Hello, world! It's 2024; they'LL pay $1,234.50.",
    "Привет!  Как дела?\n\n\nНормально…  а у тебя?)))", "don't DON'T l'été 'tis we've I'd y'all 'ſ itſ's xK'M",
    "ПРИВЕТ Москва МОСКВАвода водаМОСКВА Ёлка ёж ЁЖ", "HTTPServer parseHTTPRequest camelCaseName snake_case_name",
    "e\u0301te\u0301 \u0301А \u0301АБ А\u0301Б !\u0301x \u0301", "❤️ привет ❤️привет 👨‍👩‍👧 🇷🇺 1️⃣ 👍🏽!", "中文字符 日本語カタカナ 한국어 ไทย हिन्दी",
    "ДŽžǅx ǅA aǅ ʰA Aʰb ªº", "12345678 ٣٤٥٦ ⅣⅤ ½¾ 1а2б3", "a  b   c\td\t\te \n f\r\n\r\ng \u00a0h\u3000i\u2028j\u0085k",
    "////\n//path/to/file\r\n/// !!/\n/", "<|endoftext|> <|im_start|>user<|im_sep|>", "!" * 70, "а" * 300, "ha" * 400, "😀" * 60,
    "x" * 5000, " " * 300 + "y", "\n" * 120, "ыъ" * 1500, "def f(x):\n    return x ** 2  # квадрат\n",
    "https://example.org/путь?q=1&r=%D0%B0#x me@example.org +7 (900) 000-00-00",
]
ALPHABETS = [
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё", "АБВГДЕЖЗЁ", "abcdefghijklmnopqrstuvwxyz", "ABCXYZ", "0123456789٣Ⅳ½", " ", "  \t\u00a0\u3000",
    "\n\r", "'", "sStTrRvVeEmMlLdDſ", ".,!?;:-()/\\\"«»…", "\u0301\u0308\ufe0f\u20dd", "ǅʰªºℵ中日本ไทयहन्", "😀❤👍🏽\u200d🇷🇺", "\u0000\u007f\u0085\u2028\ue000\U000e0100\U0001d400𐐀𐐨",
]


def by_chance(dice):
    return "".join(dice.choice(dice.choice(ALPHABETS)) for _ in range(dice.randint(1, 60)))


def main():
    encoding = tiktoken.get_encoding("o200k_base")
    pieces = regex.compile(encoding._pat_str)
    dice = random.Random(200_000)
    for text in TEXTS + [by_chance(dice) for _ in range(400)]:
        line = {"text": text, "ids": encoding.encode_ordinary(text),
                "pieces": [len(piece.encode()) for piece in pieces.findall(text)]}
        sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
