"""Counts what an export holds and says where it falls short of what the examples promise."""

from collections import Counter

LONG_ANSWER = 25  # letters; shorter answers may repeat, people do say "Обнимаю" twice


def flat_text(message):
    text = message.get("text", "")
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else part["text"] for part in text)


def all_chats(export):
    if "messages" in export:
        return [export]
    return export["chats"]["list"] + export["left_chats"]["list"]


def persona_answers(chat, persona):
    """Turns of the persona that follow somebody else's message: messages in a row, joined; forwards do not count."""
    answers, turn, answering, previous = [], [], False, None
    for message in chat["messages"]:
        if message["type"] != "message" or "forwarded_from" in message:
            continue
        if message["from_id"] == persona:
            if not turn:
                answering = previous is not None and previous != persona
            if flat_text(message):
                turn.append(flat_text(message))
        elif turn:
            if answering:
                answers.append("\n".join(turn))
            turn = []
        previous = message["from_id"]
    if turn and answering:
        answers.append("\n".join(turn))
    return answers


def features(found_chats):
    """The kinds of things the messages show: media, service actions and keys that are not in every message."""
    found = set()
    for chat in found_chats:
        found.add(chat["type"])
        for message in chat["messages"]:
            found.update(key for key in message if key not in ("id", "type", "date", "from", "from_id", "text"))
            found.update(message[key] for key in ("media_type", "action") if key in message)
            found.update(part["type"] for part in message.get("text_entities", []))
            if message.get("from", "") is None:
                found.add("deleted account")
    return found


def check_export(name, export, byte_count, persona, chats, people, messages, answers, size, shows):
    found_chats = all_chats(export)
    written = [message for chat in found_chats for message in chat["messages"] if message["type"] == "message"]
    writers = {message["from_id"] for message in written}
    total = sum(len(chat["messages"]) for chat in found_chats)
    marked = sum("reply_to_message_id" in message for message in written)
    found_answers = [answer for chat in found_chats for answer in persona_answers(chat, persona)]
    counted = Counter(answer for answer in found_answers if len(answer) > LONG_ANSWER)
    repeated = [answer for answer, times in counted.items() if times > 1]
    print(f"{name}: {len(found_chats)} chats, {len(writers)} writers, {total} messages ({len(written)} written, "
          f"{marked} marked replies), {len(found_answers)} persona answers, {len(repeated)} repeated, {byte_count} bytes")
    complaints = []
    for noun, found, least in (("chats", len(found_chats), chats), ("people", len(writers), people),
                               ("messages", total, messages), ("persona answers", len(found_answers), answers)):
        if found < least:
            complaints.append(f"{found} {noun}, at least {least} are promised")
    missing = set(shows) - features(found_chats)
    if missing:
        complaints.append("nothing shows " + ", ".join(sorted(missing)))
    if byte_count > size:
        complaints.append(f"{byte_count} bytes, at most {size} are allowed")
    complaints += [f"answer given twice: {answer[:60]}" for answer in repeated]
    complaints += [f"dangling reply in {chat.get('name')}: {message['id']}" for chat in found_chats
                   for message in chat["messages"] if message.get("reply_to_message_id", 1) == 0]
    complaints += [f"unfilled phrase: {flat_text(message)[:60]}" for message in written
                   if any(sign in flat_text(message) for sign in ("{", "|", "//", "  ")) and
                   "https://" not in flat_text(message)]
    for chat in found_chats:
        ids = [message["id"] for message in chat["messages"]]
        if len(set(ids)) != len(ids):
            complaints.append(f"ids repeat in {chat.get('name')}")
    return complaints
