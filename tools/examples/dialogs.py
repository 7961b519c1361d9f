"""Turns situations and scenes into lines of a chat: who writes what, when, and in answer to which line."""

import re

from phrasebook import gendered, lower_first
from telegram_writer import Line

SECONDS_OF_TYPING_PER_LETTER = 0.12


class Talk:
    """Writes dialogs into chats. One instance per export: it deals phrases evenly and never repeats a long answer."""

    def __init__(self, dice, decks, persona, voice, slots):
        self.dice = dice
        self.decks = decks
        self.persona = persona
        self.voice = voice  # lists of the persona's phrases: opening, image, closing, short, ...
        self.slots = slots
        self.answers = set()
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

    def styled(self, who, text, first=False):
        """A text as this person would type it."""
        style, dice = who.style, self.dice
        if first and style.get("greetings") and dice.chance(style.get("greets", 0.6)):
            greeting = self.decks.deal(("greeting", who.id), style["greetings"])
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

    def answer_texts(self, situation, asker, with_question, earlier=""):
        """An answer to the situation as a list of messages; `earlier` opens it when a counter-question came before."""
        for _ in range(40):
            texts = self._answer_draft(situation, asker, with_question, earlier)
            whole = "\n".join(texts)
            if whole not in self.answers:
                self.answers.add(whole)
                return texts
        raise RuntimeError(f"{situation.name}: no new answer left")

    def _answer_draft(self, situation, asker, with_question, earlier):
        dice, deal, name = self.dice, self.decks.deal, situation.name
        seeing = deal((name, "="), situation.seeing)
        doing = deal((name, ">"), situation.doing)
        if earlier:
            start = earlier + " " + seeing
        else:
            start = self.opened(seeing)
        pieces = [start]
        if dice.chance(0.22):
            pieces.append(deal(("image", situation.theme), self.voice["image." + situation.theme]))
        if dice.chance(0.88) or len(start) < 60:
            pieces.append(doing)
        if with_question:
            pieces.append(with_question)
        elif dice.chance(0.6):
            pieces.append(deal("closing", self.voice["closing"]))
        pieces = [gendered(piece, asker.gender) for piece in pieces]
        return self._as_messages(pieces)

    def opened(self, text):
        if self.dice.chance(0.8):
            opening = self.decks.deal("opening", self.voice["opening"])
            return opening + " " + (lower_first(text) if opening[-1] in ",—" else text)
        return text

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
        chosen = {}
        question = self.filled(deal((name, "?"), situation.questions), chosen)
        asked = gendered(question, asker.gender).split("||")
        if not dice.chance(asker.style.get("bursts", 0.5)) and len(asked) > 1:
            asked = [" ".join(asked)]
        asked = [self.styled(asker, text, first=index == 0) for index, text in enumerate(asked)]
        lines = self.say(chat, asker, at, asked)
        first, last = lines[0], lines[-1]
        at = last.at
        if bystanders and dice.chance(0.3):
            other = dice.pick(bystanders)
            text = gendered(deal(("chip", situation.theme), self.voice["chip." + situation.theme]), other.gender)
            at += dice.integer(40, 900)
            self.say(chat, other, at, [self.styled(other, text)], first if dice.chance(0.5) else None)
        at += self._pause(slow)
        target = first if dice.chance(marked) else None
        counter = deal((name, "*"), situation.counters) if situation.counters and dice.chance(0.72) else None
        if counter and dice.chance(0.25):  # she asks first and answers afterwards
            opener = self.opened(gendered(counter.question, asker.gender))
            lines = self.say(chat, self.persona, at, [opener], target)
            lines = self._reply(chat, asker, counter, name, lines[-1], marked)
            reaction = self.filled(deal((name, counter.question, "+"), counter.reactions), chosen)
            texts = self.answer_texts(situation, asker, None, gendered(reaction, asker.gender))
            at = lines[-1].at + self._pause(False)
            lines = self.say(chat, self.persona, at, texts, lines[-1] if dice.chance(marked * 0.7) else None)
            return self._goodbye(chat, asker, lines[-1], marked)
        question_back = counter.question if counter else None
        lines = self.say(chat, self.persona, at, self.answer_texts(situation, asker, question_back), target)
        if counter and dice.chance(0.78):
            lines = self._reply(chat, asker, counter, name, lines[-1], marked)
            if dice.chance(0.9):
                reaction = gendered(deal((name, counter.question, "+"), counter.reactions), asker.gender)
                if reaction in self.answers:
                    reaction = reaction + " " + self._tail(asker)
                self.answers.add(reaction)
                texts = reaction.split("||")
                at = lines[-1].at + self._pause(False)
                lines = self.say(chat, self.persona, at, texts, lines[-1] if dice.chance(marked * 0.7) else None)
                if dice.chance(0.65):
                    return lines[-1].at
        return self._goodbye(chat, asker, lines[-1], marked)

    def _tail(self, asker):
        return gendered(self.decks.deal("closing", self.voice["closing"]), asker.gender)

    def _reply(self, chat, asker, counter, name, target, marked):
        text = gendered(self.decks.deal((name, counter.question, "-"), counter.replies), asker.gender)
        texts = [self.styled(asker, part) for part in text.split("||")]
        at = target.at + self._pause(False)
        return self.say(chat, asker, at, texts, target if self.dice.chance(marked * 0.5) else None)

    def _goodbye(self, chat, asker, target, marked):
        dice = self.dice
        if not dice.chance(0.6):
            return target.at
        text = gendered(self.decks.deal("thanks", self.voice["thanks"]), asker.gender)
        at = target.at + self._pause(False)
        lines = self.say(chat, asker, at, [self.styled(asker, text)], target if dice.chance(marked * 0.4) else None)
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

    def scene(self, chat, scene, cast, at, marked=0.25, gender=None):
        """A written-out talk. `cast` maps the letters of the scene to people. Returns the time of the last line."""
        dice, chosen, previous = self.dice, {}, None
        for index, (letter, text) in enumerate(scene.lines):
            optional = letter.startswith("~")
            if optional and dice.chance(0.4):
                continue
            who = cast[letter.lstrip("~").rstrip(":")]
            texts = [part.strip() for part in text.split("//")]
            text = texts[0] if len(texts) == 1 else self.decks.deal((scene.name, index), texts)
            text = gendered(self.filled(text, chosen), who.gender)
            parts = [part.strip() for part in text.split("||")]
            if who is not self.persona:
                parts = [self.styled(who, part) for part in parts]
            if previous is not None and previous.who is not who:
                at += self._pause(False)
            target = previous if previous is not None and previous.who is not who and dice.chance(marked) else None
            previous = self.say(chat, who, at, parts, target)[-1]
            at = previous.at
        return at
