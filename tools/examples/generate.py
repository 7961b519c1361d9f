#!/usr/bin/env python3
"""Writes the example exports under examples/, the same bytes on every run.

    python3 tools/examples/generate.py            write the files
    python3 tools/examples/generate.py --check    compare with the files that are there, and check what they hold
"""

import argparse
import os
import sys

import en_export
import ru_export
from check import check_export
from telegram_writer import to_bytes

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")

EXPORTS = {
    "ru": (ru_export.build, dict(persona=ru_export.NATASHA.peer_id, chats=5, people=14, messages=2800, answers=450,
                                 size=1_400_000)),
    "en": (en_export.build, dict(persona=en_export.MAYA.peer_id, chats=2, people=5, messages=500, answers=120,
                                 size=300_000)),
    "en-old": (en_export.build_old, dict(persona=en_export.MAYA.id, chats=1, people=2, messages=15, answers=8,
                                         size=20_000)),
}


def main():
    parser = argparse.ArgumentParser(description="Writes the invented example exports.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs or falls short")
    options = parser.parse_args()
    complaints = []
    for name, (build, wanted) in EXPORTS.items():
        export = build()
        content = to_bytes(export)
        path = os.path.join(EXAMPLES, name, "result.json")
        complaints += [f"{name}: {complaint}" for complaint in check_export(name, export, len(content), **wanted)]
        if options.check:
            complaints += compare(name, path, content)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def compare(name, path, content):
    try:
        with open(path, "rb") as file:
            same = file.read() == content
    except OSError as error:
        return [f"{name}: cannot read the committed file: {error}"]
    return [] if same else [f"{name}: the committed file differs; run tools/examples/generate.py"]


if __name__ == "__main__":
    sys.exit(main())
