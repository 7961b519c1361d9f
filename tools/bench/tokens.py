#!/usr/bin/env python3
"""What bench/tokens does: tokens.py PROGRAM [FILE…], with a Python that has tiktoken and quicktok-v1."""

import hashlib
import importlib.metadata
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 5
DOCUMENT = 4000  # characters at least in one document: some forty messages
ENOUGH = 6_000_000  # bytes of text to measure


def ranks_file():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(os.environ.get("IDIOLECT_O200K") or f"{cache}/idiolect/tokenizers/o200k_base.tiktoken")
    if not path.exists():
        sys.exit(f"{path} is not there; run: scripts/setup")
    return path


def tiktoken_encoding(folder):
    """tiktoken's own o200k_base; its cache gets our file, so that it needs no network."""
    url = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    shutil.copy(ranks_file(), folder / hashlib.sha1(url.encode()).hexdigest())
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    import tiktoken
    return tiktoken.get_encoding("o200k_base")


def texts_of(path):
    raw = path.read_text(encoding="utf-8")
    if path.suffix != ".json":
        return raw.splitlines()
    export = json.loads(raw)
    chats = export["chats"]["list"] if "chats" in export else [export]
    plain = lambda text: text if isinstance(text, str) else "".join(
        part if isinstance(part, str) else part.get("text", "") for part in text)
    return [text for chat in chats for message in chat["messages"] if (text := plain(message.get("text", "")))]


def documents_of(paths):
    """Messages joined to documents of a conversation's size; repeated in other orders until there are enough."""
    texts = [text for path in paths for text in texts_of(path)]
    dice = random.Random(1)
    documents, size, current = [], 0, ""
    while size < ENOUGH:
        for text in texts:
            current += text + "\n"
            if len(current) >= DOCUMENT:
                documents.append(current)
                size += len(current.encode())
                current = ""
        dice.shuffle(texts)
    return documents


def fastest(encode, documents):
    start = time.perf_counter()
    for document in documents:
        encode(document)
    return time.perf_counter() - start


def main(program, *files):
    paths = [pathlib.Path(file) for file in files] or [ROOT / "examples/ru/result.json"]
    documents = documents_of(paths)
    with tempfile.TemporaryDirectory(prefix="idiolect-bench-") as name:
        folder = pathlib.Path(name)
        theirs = tiktoken_encoding(folder)
        import quicktok
        quick = quicktok.get_encoding("o200k_base")
        source, ids = folder / "documents", folder / "ids"
        source.write_bytes(b"".join(document.encode() + b"\0" for document in documents))
        size = source.stat().st_size

        times = {"ours": [], "tiktoken": [], "quicktok-v1": []}
        count = 0
        for _ in range(ROUNDS):
            done = subprocess.run([program, source, ids], capture_output=True, text=True, check=True)
            seconds, count = done.stdout.split()
            times["ours"].append(float(seconds))
            times["tiktoken"].append(fastest(theirs.encode_ordinary, documents))
            times["quicktok-v1"].append(min(fastest(quick.encode_ordinary, documents) for _ in range(5)))
        expected = [token for document in documents for token in theirs.encode_ordinary(document)]
        same = numpy.array_equal(numpy.fromfile(ids, dtype=numpy.uint32), numpy.array(expected, dtype=numpy.uint32))

    best = {who: min(seconds) for who, seconds in times.items()}
    versions = {who: importlib.metadata.version(who) for who in ("tiktoken", "quicktok-v1")}
    print(f"{len(documents)} documents, {size / 1e6:.1f} MB, {count} tokens; {ROUNDS} rounds, alternating, the fastest "
          "counts; one thread\n")
    print(f"{'':<22}{'MB/s':>8}{'tokens/s':>14}{'ours ÷':>9}")
    for who, seconds in best.items():
        label = f"{who} {versions.get(who, '')}"
        print(f"{label:<22}{size / 1e6 / seconds:>8.1f}{int(count) / seconds:>14,.0f}{seconds / best['ours']:>9.2f}")
    print(f"\nids the same as tiktoken's: {'yes' if same else 'NO'}; goals 3 and 1.2")
    print(json.dumps({"bench": "tokens", "bytes": size, "tokens": int(count), "same_ids": bool(same),
                      "mb_per_s": {who: round(size / 1e6 / seconds, 1) for who, seconds in best.items()},
                      "over_tiktoken": round(best["tiktoken"] / best["ours"], 2),
                      "over_quicktok": round(best["quicktok-v1"] / best["ours"], 2),
                      "middle_s": {who: round(statistics.median(seconds), 4) for who, seconds in times.items()}}))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
