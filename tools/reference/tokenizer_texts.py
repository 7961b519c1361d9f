"""Records what other people's tokenizers make of a megabyte of Russian and one of English.

Writes into tests/reference/tokenizers/:

  words-ru.txt, words-en.txt   words of the invented chats' phrases, English also of docs/, from which both sides mix the same texts
                               (`mix` below)
  unigram.json, bpe.json       two small tokenizers trained on them: a SentencePiece unigram model with byte fallback and a table of
                               replaced characters, and a byte-level BPE
  texts.json                   for each tokenizer and language the SHA-256 of the text, and the number and SHA-256 of its ids (32-bit,
                               little-endian)

`bpe` is recorded with each pre-tokenizer that has an expression; `unigram` as `tokenizers` reads it, `unigram-sentencepiece` as
SentencePiece itself does, with its usual treatment of white space. `smollm2` and `gemma3` are the real ones, see README.md.

    VENV/bin/python tokenizer_texts.py --models DIR --out ../../tests/reference/tokenizers
"""

import argparse
import base64
import hashlib
import io
import json
import re
import struct
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import pretoken_vectors
from gguf_models import GEMMA3, SMOLLM2, GgufFile
from gguf_tokenizers import load_tokenizer

PHRASES = Path(__file__).resolve().parents[1] / "examples" / "phrases"
DOCS = Path(__file__).resolve().parents[2] / "docs"
BYTES = 1 << 20
GLUE = [" ", " ", " ", " ", " ", " ", " ", " ", "  ", "   ", "\n", "\n\n", ", ", ". ", "! ", "? ", "… ", " — ", "-", "'s ", "'LL ", "/",
        ") ", ":) ", " (", "\t", "\r\n", " \n ", "1", " 2024 ", "12345", "½", "😀", " 👍🏽 ", "\u00a0", "e\u0301", "ﬁ", "Ⅷ", "日本", "한 ", "_", "@",
        "#", "\\", "{}", "=>", "//\n", "…\n"]  # fmt: skip
# What the unigram model's table replaces: ligatures, full-width signs, odd spaces, a letter and its mark.
RULES = {"ﬁ": "fi", "ﬂ": "fl", "…": "...", "\u00a0": " ", "\t": " ", "\n": " ", "\r\n": " ", "e\u0301": "é", "½": "1/2", "Ⅷ": "VIII", "ё": "е",
         "Ё": "Е", "！": "!", "—": "-"}  # fmt: skip


class Random:
    """splitmix64"""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return (z ^ (z >> 31)) % n


def mix(words, glue, seed):
    """Words and what stands between them at random, one of sixteen words in ASCII capitals, up to a mebibyte."""
    random, parts, size = Random(seed), [], 0
    while size < BYTES:
        word = words[random.below(len(words))]
        if random.below(16) == 0:
            word = re.sub("[a-z]", lambda letter: letter.group().upper(), word)
        parts += [word, glue[random.below(len(glue))]]
        size += len(parts[-1].encode()) + len(parts[-2].encode())
    return "".join(parts)


def words_of(language):
    paths = sorted(PHRASES.glob(f"{language}_*.txt"))
    if language == "en":
        paths += sorted(DOCS.glob("*.md"))
    text = "\n".join(path.read_text() for path in paths)
    return sorted(set(re.findall(r"[\w'-]+", text)))


def train_unigram(words):
    rules = "".join(f"{' '.join(f'{ord(c):X}' for c in a)}\t{' '.join(f'{ord(c):X}' for c in b)}\n" for a, b in sorted(RULES.items()))
    table = Path("/tmp") / "idiolect-rules.tsv"
    table.write_text(rules)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(words), model_writer=model, model_type="unigram", vocab_size=2200, byte_fallback=True,
        normalization_rule_tsv=str(table), num_threads=1, character_coverage=0.999, minloglevel=2,
    )  # fmt: skip
    table.unlink()
    read = proto.ModelProto()
    read.ParseFromString(model.getvalue())
    json_form = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": i, "content": piece.piece, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i, piece in enumerate(read.pieces) if piece.type in (2, 3)
        ],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(read.normalizer_spec.precompiled_charsmap).decode()},
            {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"},
        ]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "post_processor": None, "decoder": None,
        "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": True, "vocab": [[p.piece, p.score] for p in read.pieces]},
    }  # fmt: skip
    return json_form, sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def bpe_with(bpe, expression):
    form = json.loads(json.dumps(bpe))
    form["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}  # fmt: skip
    return Tokenizer.from_str(json.dumps(form))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(exist_ok=True)
    words = {language: words_of(language) for language in ("ru", "en")}
    for language, of_it in words.items():
        (args.out / f"words-{language}.txt").write_text("\n".join(of_it) + "\n")
    unigram, processor = train_unigram(words["ru"] + words["en"])
    (args.out / "unigram.json").write_text(json.dumps(unigram, ensure_ascii=False, separators=(",", ":")) + "\n")
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator([" ".join(words["ru"] + words["en"])], trainers.BpeTrainer(
        vocab_size=2000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))  # fmt: skip
    bpe = json.loads(trained.to_str())
    (args.out / "bpe.json").write_text(json.dumps(bpe, ensure_ascii=False, separators=(",", ":")) + "\n")

    unigram_tokenizer = Tokenizer.from_str(json.dumps(unigram))
    encoders = {
        "unigram": lambda text: unigram_tokenizer.encode(text, add_special_tokens=False).ids,
        # Line by line and without figures: SentencePiece sums scores in 32 bits, so that a megabyte's sum has no room for one piece, and
        # its rounding decides whether 000 is 0 00 or 00 0.
        "unigram-sentencepiece": lambda text: [i for line in re.sub("[0-9]", "", text).split("\n") for i in processor.encode(line)],
        "bpe-gpt-2": lambda text: trained.encode(text).ids,
    }
    for name, expression in (("llama-bpe", pretoken_vectors.LLAMA3), ("qwen2", pretoken_vectors.QWEN2),
                             ("gpt-4o", pretoken_vectors.O200K), ("tekken", pretoken_vectors.TEKKEN)):  # fmt: skip
        tokenizer = bpe_with(bpe, expression)
        encoders[f"bpe-{name}"] = lambda text, tokenizer=tokenizer: tokenizer.encode(text).ids
    for name, source in (("smollm2", SMOLLM2), ("gemma3", GEMMA3)):
        encoders[name] = load_tokenizer(GgufFile(args.models, source)).encode_text
    recorded = {"glue": GLUE, "texts": []}
    for number, (language, of_it) in enumerate(words.items()):
        text = mix(of_it, GLUE, number + 1)
        row = {"language": language, "seed": number + 1, "sha256": hashlib.sha256(text.encode()).hexdigest(), "ids": {}}
        for name, encode in encoders.items():
            ids = encode(text)
            row["ids"][name] = {"count": len(ids), "sha256": hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()}
            print(language, name, len(ids))
        recorded["texts"].append(row)
    (args.out / "texts.json").write_text(json.dumps(recorded, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
