"""Writes chats the way Telegram Desktop's own JSON export does: the same keys in the same order, one blank of indent."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"
EPOCH = datetime(1970, 1, 1)

ENTITY = re.compile(
    r"(?P<bold>\*\*.+?\*\*)|(?P<italic>__.+?__)|(?P<spoiler>~~.+?~~)"
    r"|(?P<text_link>\[[^\]]+\]\(https?://[^)]+\))"
    r"|(?P<link>https?://[^\s)]+[^\s).,!?])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[a-z]+)"
    r"|(?P<mention>(?<!\w)@\w{4,})"
    r"|(?P<hashtag>(?<!\w)#\w+)"
    r"|(?P<bot_command>(?<![\w/])/[a-z]\w+)"
    r"|(?P<phone>\+\d[\d ()-]{8,}\d)"
    r"|(?P<bank_card>\b\d{4} \d{4} \d{4} \d{4}\b)", re.S)


@dataclass(eq=False)
class Person:
    """Somebody who writes. gender is "f" or "m"; style is what the dialogs read; name None is a deleted account."""
    name: str
    id: int
    gender: str = "f"
    style: dict = field(default_factory=dict)
    peer: str = "user"

    @property
    def peer_id(self):
        return f"{self.peer}{self.id}"


@dataclass(eq=False)
class Line:
    """One message. `at` is local time in seconds since 1970; `extra` holds keys as they stand in the export."""
    at: int
    who: Person
    text: str = ""
    reply_to: "Line" = None
    extra: dict = field(default_factory=dict)
    action: str = ""  # a service message if set
    edited_after: int = 0
    id: int = 0
    outside_reply: int = 0  # a reply to a message that is not in the export


@dataclass
class Chat:
    name: str
    type: str
    id: int
    lines: list = field(default_factory=list)
    all_entities: bool = True  # False: text_entities only where a text is formatted, to keep the file small
    old_format: bool = False  # True: as exports were before 2022

    def add(self, line):
        self.lines.append(line)
        return line


def seconds(year, month, day, hour=0, minute=0, second=0):
    return int((datetime(year, month, day, hour, minute, second) - EPOCH).total_seconds())


def local_time(at):
    return EPOCH + timedelta(seconds=at)


def number_by_time(chats, first_id, dice):
    """Private chats and basic groups of an account share one counter; a supergroup or channel has its own."""
    lines = sorted((line for chat in chats for line in chat.lines), key=lambda line: line.at)
    next_id = first_id
    for line in lines:
        line.id = next_id
        next_id += 1 if dice.chance(0.94) else dice.integer(2, 4)  # holes are deleted messages
    for chat in chats:
        chat.lines.sort(key=lambda line: (line.at, line.id))


def split_entities(text):
    parts, end = [], 0
    for match in ENTITY.finditer(text):
        if match.start() > end:
            parts.append({"type": "plain", "text": text[end:match.start()]})
        kind, piece = match.lastgroup, match.group()
        if kind in ("bold", "italic", "spoiler"):
            parts.append({"type": kind, "text": piece[2:-2]})
        elif kind == "text_link":
            shown, _, address = piece[1:-1].partition("](")
            parts.append({"type": kind, "text": shown, "href": address})
        else:
            parts.append({"type": kind, "text": piece})
        end = match.end()
    if end < len(text):
        parts.append({"type": "plain", "text": text[end:]})
    return parts


def message_object(line, chat, utc_offset_s):
    def stamp(key, at):
        message[key] = local_time(at).isoformat()
        if not chat.old_format:
            message[key + "_unixtime"] = str(at - utc_offset_s)

    message = {"id": line.id, "type": "service" if line.action else "message"}
    stamp("date", line.at)
    if line.edited_after:
        stamp("edited", line.at + line.edited_after)
    if line.action:
        message["actor"] = line.who.name
        message["actor_id"] = line.who.id if chat.old_format else line.who.peer_id
        message["action"] = line.action
    else:
        message["from"] = line.who.name
        message["from_id"] = line.who.id if chat.old_format else line.who.peer_id
    extra = dict(line.extra)
    for key in ("author", "forwarded_from", "saved_from"):
        if key in extra:
            message[key] = extra.pop(key)
    if line.reply_to is not None:
        message["reply_to_message_id"] = line.reply_to.id
    elif line.outside_reply:
        message["reply_to_message_id"] = line.outside_reply
    trailing = {key: extra.pop(key) for key in ("inline_bot_buttons", "reactions") if key in extra}
    for key, value in extra.items():
        message[key] = value.id if isinstance(value, Line) else value  # pin_message points at a line
    entities = split_entities(line.text)
    formatted = any(part["type"] != "plain" for part in entities)
    if formatted:
        message["text"] = [part["text"] if part["type"] == "plain" else part for part in entities]
    else:
        message["text"] = line.text
    if not chat.old_format and (chat.all_entities or formatted):
        message["text_entities"] = entities
    message.update(trailing)
    return message


def chat_object(chat, utc_offset_s):
    result = {}
    if chat.type != "saved_messages":
        result["name"] = chat.name
    result["type"] = chat.type
    result["id"] = chat.id
    result["messages"] = [message_object(line, chat, utc_offset_s) for line in chat.lines]
    return result


def to_bytes(value):
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8")


def account_object(owner, contacts, chats, left_chats, utc_offset_s, about):
    """The whole-account export. `owner` and `contacts` are given as they stand in the file."""
    return {
        "about": about["export"],
        "personal_information": owner,
        "contacts": {"about": about["contacts"], "list": contacts},
        "chats": {"about": about["chats"], "list": [chat_object(chat, utc_offset_s) for chat in chats]},
        "left_chats": {"about": about["left_chats"],
                       "list": [chat_object(chat, utc_offset_s) for chat in left_chats]},
    }


ABOUT = {
    "export": "Here is the data you requested. Remember: Telegram is ad free, it doesn't use your data for ad targeting "
              "and doesn't sell it to others. Telegram only keeps the information it needs to function as a secure and "
              "feature-rich cloud service.\n\nCheck out Settings > Privacy & Security on Telegram's mobile apps for the "
              "relevant settings.",
    "contacts": "If you allow access, contacts are continuously synced with Telegram. You can adjust this in Settings > "
                "Privacy & Security > Data Settings on mobile devices.",
    "chats": "This page lists all chats from this export.",
    "left_chats": "This page lists all supergroups and channels from this export that you've left or where you were "
                  "banned.",
}
