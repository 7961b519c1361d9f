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

RU_SHOWS = ("private_supergroup", "public_channel", "personal_chat", "private_group", "saved_messages", "bot_chat",
            "sticker", "voice_message", "video_message", "animation", "photo", "poll", "reactions", "forwarded_from",
            "saved_from", "via_bot", "edited", "reply_to_message_id", "author", "inline_bot_buttons", "deleted account",
            "create_group", "join_group_by_link", "invite_members", "remove_members", "pin_message",
            "migrate_to_supergroup", "migrate_from_group", "bold", "italic", "text_link", "link", "email", "phone",
            "bank_card", "hashtag", "bot_command")
EN_SHOWS = ("private_supergroup", "personal_chat", "sticker", "voice_message", "photo", "poll", "reply_to_message_id",
            "deleted account", "create_group", "pin_message")

EXPORTS = {
    "ru": (ru_export.build, dict(persona=ru_export.NATASHA.peer_id, chats=5, people=14, messages=2800, answers=450,
                                 size=1_400_000, shows=RU_SHOWS)),
    "en": (en_export.build, dict(persona=en_export.MAYA.peer_id, chats=2, people=5, messages=500, answers=120,
                                 size=300_000, shows=EN_SHOWS)),
    "en-old": (en_export.build_old, dict(persona=en_export.MAYA.id, chats=1, people=2, messages=15, answers=8,
                                         size=20_000, shows=())),
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
