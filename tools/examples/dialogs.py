"""Turns situations and scenes into lines of a chat: who writes what, when, and in answer to which line."""

import re

from phrasebook import fitting, gendered, lower_first, upper_first
from telegram_writer import Line

SECONDS_OF_TYPING_PER_LETTER = 0.12
HOUR = 3600
DAY = 24 * HOUR

# Greetings that belong to a time of day: a part of the word, the first and the last hour.
TIMED_GREETINGS = (("утр", 5, 11), ("orning", 5, 11), ("день", 10, 18), ("вечер", 17, 23))


class Talk:
    """Writes dialogs into chats. One instance per export: it deals phrases evenly and never repeats a long answer."""

    def __init__(self, dice, decks, persona, voice, slots):
        self.dice = dice
        self.decks = decks
        self.persona = persona
        self.voice = voice  # lists of the persona's phrases: opening, image, closing, short, ...
        self.slots = slots
        self.answers = set()
        self._talks = {}  # when each person began to talk in each chat
        self._busy = []  # the stretches when the persona types, over all chats

    # Writing single turns

    def say(self, chat, who, at, texts, reply_to=None):
        """A turn of one or more messages. Returns its lines."""
        if who is self.persona:
            at = self._free_time(at, 30 * len(texts))
        lines = []
        for text in texts:
            line = Line(at, who, text, reply_to=reply_to if not lines else None)
            if self.dice.chance(0.02):
                line.edited_after = self.dice.integer(20, 400)
            lines.append(chat.add(line))
            at += self.dice.integer(4, 12) + int(len(text) * SECONDS_OF_TYPING_PER_LETTER)
        return lines

    def _free_time(self, at, length):
        moved = True
        while moved:
            moved = False
            for start, end in self._busy:
                if at < end and at + length > start:
                    at = end + self.dice.integer(20, 120)
                    moved = True
        self._busy.append((at, at + length))
        return at

    def styled(self, who, text, greet_at=None):
        """A text as this person would type it, perhaps with a greeting that suits the time."""
        style, dice = who.style, self.dice
        greetings = [] if greet_at is None else timely(style.get("greetings", []), greet_at)
        if greetings and dice.chance(style.get("greets", 0.6)):
            greeting = dice.pick(greetings)
            text = greeting + " " + (lower_first(text) if greeting.endswith(",") else text)
        if style.get("lower"):
            text = re.sub(r"(^|[.!?] )([A-ZА-ЯЁ])(?![A-ZА-ЯЁ])", lambda m: m.group(1) + m.group(2).lower(), text)
            text = re.sub(r"\bi('|\b)", r"I\1", text) if style.get("keep_i") else text
        if style.get("no_dot") and text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
        if style.get("dots"):
            text = re.sub(r"(?<![.!?…])\.(?= |$)", "...", text)
        if style.get("bang") and text.endswith(".") and not text.endswith(".."):
            text = text[:-1] + style["bang"]
        if style.get("tail") and dice.chance(style.get("tails", 0.4)):
            text = text.rstrip() + dice.pick(style["tail"])
        return text

    def filled(self, text, chosen):
        """Fills {slots}; the same slot keeps its value through one dialog."""
        def value(match):
            name = match.group(1)
            if name not in chosen:
                chosen[name] = self.decks.deal(("slot", name), self.slots[name])
            return chosen[name]
        return re.sub(r"\{(\w+)\}", value, text)

    # The persona's answers

    def answer_texts(self, situation, tag, asker, with_question, earlier=""):
        """An answer to the situation as a list of messages; `earlier` opens it when a counter-question came before."""
        for _ in range(40):
            texts = self._answer_draft(situation, tag, asker, with_question, earlier)
            whole = "\n".join(texts)
            if whole not in self.answers:
                self.answers.add(whole)
                return texts
        raise RuntimeError(f"{situation.name}: no new answer left")

    def _answer_draft(self, situation, tag, asker, with_question, earlier):
        dice, deal, name = self.dice, self.decks.deal, situation.name
        seeing = deal((name, "=", tag), fitting(situation.seeing, tag)).text
        if earlier:
            start = self._joined(deal("bridge", self.voice["bridge"]), seeing)
        else:
            start = self.opened(seeing, asker)
        pieces = [start]
        if dice.chance(0.22):
            pieces.append(deal(("image", situation.theme), self.voice["image." + situation.theme]))
        advice = fitting(situation.doing, tag)
        if advice and (dice.chance(0.88) or len(start) < 60):
            pieces.append(deal((name, ">", tag), advice).text)
        if with_question:
            pieces.append(with_question)
        elif dice.chance(0.6):
            pieces.append(deal("closing", self.voice["closing"]))
        messages = self._as_messages([gendered(piece, asker.gender) for piece in pieces])
        return earlier.split("||") + messages if earlier else messages

    def opened(self, text, asker):
        text = gendered(text, asker.gender)
        if self.dice.chance(0.8):
            opening = gendered(self.decks.deal("opening", self.voice["opening"]), asker.gender)
            return self._joined(opening, text)
        return self._begun(text)

    def _joined(self, opening, text):
        if opening.endswith(" —") and "—" in text:  # one long dash in a sentence is enough
            opening = opening[:-2] + ":"
        return opening + " " + (lower_first(text) if opening[-1] in ",—:" else self._begun(text))

    def _begun(self, text):
        return upper_first(text) if self.persona.style.get("capital") else text

    def _as_messages(self, pieces):
        """Two or three messages in a row, as she likes it, or one long."""
        messages = [pieces[0]]
        for piece in pieces[1:]:
            apart = 0.72 if len(messages) < 3 else 0.2
            if self.dice.chance(apart):
                messages.append(piece)
            else:
                messages[-1] += " " + piece
        return messages

    # Whole dialogs

    def coaching(self, chat, situation, asker, at, bystanders=(), marked=0.4, slow=True):
        """Somebody asks, the persona answers, perhaps asks back and reacts. Returns the time of the last line."""
        dice, deal, name = self.dice, self.decks.deal, situation.name
        question = deal((name, "?"), situation.questions)
        at = self._apart(chat, asker, at)
        asked = self._asked(asker, question.text, at)
        lines = self.say(chat, asker, at, asked)
        first, at = lines[0], lines[-1].at
        if bystanders and dice.chance(0.3):
            other = dice.pick(bystanders)
            text = gendered(deal(("chip", situation.theme), self.voice["chip." + situation.theme]), other.gender)
            at += dice.integer(40, 900)
            self.say(chat, other, at, [self.styled(other, text)], first if dice.chance(0.5) else None)
        at += self._pause(slow)
        target = first if dice.chance(marked) else None
        counters = fitting(situation.counters, question.tag)
        counter = deal((name, "*", question.tag), counters) if counters and dice.chance(0.72) else None
        if counter and dice.chance(0.25):  # she asks first and answers afterwards
            opener = self.opened(counter.text, asker)
            while opener in self.answers:
                opener = self.opened(counter.text, asker)
            self.answers.add(opener)
            lines = self.say(chat, self.persona, at, [opener], target)
            lines, reaction = self._exchange(chat, asker, name, counter, lines[-1], marked)
            texts = self.answer_texts(situation, question.tag, asker, None, reaction)
            lines = self._answer(chat, texts, lines[-1], marked)
            return self._goodbye(chat, asker, lines[-1], marked)
        texts = self.answer_texts(situation, question.tag, asker, counter.text if counter else None)
        lines = self.say(chat, self.persona, at, texts, target)
        if counter and dice.chance(0.78):
            lines, reaction = self._exchange(chat, asker, name, counter, lines[-1], marked)
            if reaction in self.answers:
                reaction += "||" + gendered(deal("closing", self.voice["closing"]), asker.gender)
            if reaction not in self.answers:
                self.answers.add(reaction)
                lines = self._answer(chat, reaction.split("||"), lines[-1], marked)
                if dice.chance(0.65):
                    return lines[-1].at
        return self._goodbye(chat, asker, lines[-1], marked)

    def _apart(self, chat, who, at):
        """Nobody brings two matters at once: a later day, if this person is just talking here."""
        taken = self._talks.setdefault((chat.id, who.id), [])
        while any(abs(at - other) < 3 * HOUR for other in taken):
            at += DAY
        taken.append(at)
        return at

    def _asked(self, asker, text, at):
        parts = gendered(self.filled(text, {}), asker.gender).split("||")
        if len(parts) > 1 and not self.dice.chance(asker.style.get("bursts", 0.5)):
            parts = [" ".join(parts)]
        return [self.styled(asker, part, at if index == 0 else None) for index, part in enumerate(parts)]

    def _exchange(self, chat, asker, name, counter, target, marked):
        """The asker answers a counter-question. Returns the lines and what the persona would say to them."""
        exchange = self.decks.deal((name, counter.text, "-"), counter.exchanges)
        texts = [self.styled(asker, part) for part in gendered(exchange.reply, asker.gender).split("||")]
        at = target.at + self._pause(False)
        lines = self.say(chat, asker, at, texts, target if self.dice.chance(marked * 0.65) else None)
        reaction = self.decks.deal((name, counter.text, exchange.reply), exchange.reactions)
        return lines, gendered(reaction, asker.gender)

    def _answer(self, chat, texts, target, marked):
        at = target.at + self._pause(False)
        return self.say(chat, self.persona, at, texts, target if self.dice.chance(marked * 0.85) else None)

    def _goodbye(self, chat, asker, target, marked):
        dice = self.dice
        if not dice.chance(0.6):
            return target.at
        text = gendered(self.decks.deal("thanks", self.voice["thanks"]), asker.gender)
        at = target.at + self._pause(False)
        lines = self.say(chat, asker, at, [self.styled(asker, text)], target if dice.chance(marked * 0.55) else None)
        if dice.chance(0.45):
            at = lines[-1].at + self._pause(False)
            lines = self.say(chat, self.persona, at, [self.decks.deal("short", self.voice["short"])],
                             lines[-1] if dice.chance(marked * 0.3) else None)
        return lines[-1].at

    def _pause(self, slow):
        dice = self.dice
        if slow and dice.chance(0.3):
            return dice.integer(1800, 9000)
        return dice.integer(40, 420) if dice.chance(0.75) else dice.integer(420, 1500)

    def scene(self, chat, scene, cast, at, variant, marked=0.25):
        """A written-out talk. `cast` maps the letters of the scene to people, `variant` picks one alternative of every
        line, as they were written to fit each other. Returns the time of the last line."""
        dice, chosen, previous = self.dice, {}, None
        if chat.type == "personal_chat":
            at = self._apart(chat, self.persona, at)
        for letter, text in scene.lines:
            optional = letter.startswith("~")
            if optional and dice.chance(0.3):
                continue
            who = cast[letter.lstrip("~").rstrip(":")]
            alternatives = alternatives_of(text)
            text = gendered(self.filled(alternatives[variant % len(alternatives)], chosen), who.gender)
            parts = [part.strip() for part in text.split("||")]
            if who is not self.persona:
                parts = [self.styled(who, part) for part in parts]
            if previous is not None and previous.who is not who:
                at += self._pause(False)
            target = previous if previous is not None and previous.who is not who and dice.chance(marked) else None
            previous = self.say(chat, who, at, parts, target)[-1]
            at = previous.at
        return at


def timely(greetings, at):
    hour = at % DAY // HOUR
    return [greeting for greeting in greetings
            if all(first <= hour <= last for part, first, last in TIMED_GREETINGS if part in greeting)]


def alternatives_of(text):
    return [part.strip() for part in text.split("//")]


def variants_of(scene):
    """The scene once for each of its alternatives: (scene, variant)."""
    count = max(len(alternatives_of(text)) for _, text in scene.lines)
    return [(scene, variant) for variant in range(count)]
