"""Writes tests/reference/pretokens.jsonl: where the published regular expressions cut text before BPE.

Needs the `regex` package (2024 or later). Texts are random strings of the characters that the expressions tell apart, some
real-looking ones among them. One line per text: {"text", "gpt2", "smollm", "llama3", "qwen2", "o200k", "tekken"}, each a list of
lengths in code points.

    python3 pretoken_vectors.py > ../../tests/reference/pretokens.jsonl
"""

import json
import random

import regex

GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
HEAD, TAIL = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (
    rf"""[^\r\n\p{{L}}\p{{N}}]?{HEAD}*{TAIL}+|[^\r\n\p{{L}}\p{{N}}]?{HEAD}+{TAIL}*"""
    r"""|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = TEKKEN.replace(f"{TAIL}+|", f"{TAIL}+{CONTRACTION}|").replace(f"{TAIL}*|", f"{TAIL}*{CONTRACTION}|").replace(r"\p{N}|", r"\p{N}{1,3}|")

# White space as Unicode's White_Space has it; the information separators that Python's `str` counts are left out.
ALPHABET = list("aZé ёЖ'sStTrReEvVmMlLdD") + [
    " ", " ", " ", "\n", "\r", "\t", "\u00a0", "\u3000", "\u0085", "\u2028",
    "1", "2", "٣", "Ⅷ", "½", ".", "!", "?", "—", "₽", "日", "の", "한", "\u0301", "\u200d", "👍", "🏽", "\u0000", "_", "'", "'",
]  # fmt: skip
PLAIN = [
    "",
    "Hello, world! It's 2024; they'LL pay $1,234.50.",
    "Привет!  Как дела?\n\n\nНормально…  а у тебя?)))",
    "a1b22c333d4444",
    "x  1   2\t3 \n4",
    "'s's 's S'S 'ſ 'll'LL'lL l'l",
    "   \n  \n   x",
    "\r\n\r\n  \r\n!\r\n\r\n?",
    "cafe\u0301 naïve e\u0301e\u0301",
    " !a ?b .1",
]


def lengths(pattern, text):
    return [len(piece) for piece in regex.findall(pattern, text)]


def smollm(text):
    """Every number character alone, then GPT-2's expression in each piece between."""
    return [n for piece in regex.findall(r"\p{N}|[^\p{N}]+", text) for n in lengths(GPT2, piece)]


def main():
    rng = random.Random(7)
    texts = PLAIN + ["".join(rng.choices(ALPHABET, k=rng.randint(1, 24))) for _ in range(400)]
    for text in texts:
        row = {
            "text": text,
            "gpt2": lengths(GPT2, text),
            "smollm": smollm(text),
            "llama3": lengths(LLAMA3, text),
            "qwen2": lengths(QWEN2, text),
            "o200k": lengths(O200K, text),
            "tekken": lengths(TEKKEN, text),
        }
        assert all(sum(cuts) == len(text) for name, cuts in row.items() if name != "text")
        print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
