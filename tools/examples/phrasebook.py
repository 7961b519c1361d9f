"""Reads the hand-written phrases.

A phrase file is a list of sections. A section opens with "== name | attribute | attribute"; every other line is a
marker, a blank and a text. Empty lines and lines that start with "#" are skipped. In a text

    //          separates equal alternatives (only in scenes)
    ||          ends one message and begins the next
    \\n          is a line break inside a message
    [она|он]    is chosen by the gender of the person whose dialog it is
    {name}      is a slot filled from a list of the same name
"""

import os
import re
from dataclasses import dataclass, field

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "phrases")
GENDER = re.compile(r"\[([^\]|]*)\|([^\]|]*)\]")


@dataclass
class Section:
    name: str
    attributes: list
    lines: list = field(default_factory=list)  # (marker, text)

    def texts(self, marker="-"):
        return [text for mark, text in self.lines if mark == marker]


def read_sections(file_name):
    sections = []
    with open(os.path.join(FOLDER, file_name), encoding="utf-8") as file:
        for number, raw in enumerate(file, 1):
            line = raw.strip()
            if not line or line.startswith("# "):
                continue
            if line.startswith("== "):
                name, *attributes = [part.strip() for part in line[3:].split("|")]
                sections.append(Section(name, attributes))
                continue
            marker, blank, text = line.partition(" ")
            if not blank or not sections:
                raise ValueError(f"{file_name}:{number}: expected a marker and a text")
            sections[-1].lines.append((marker, text.strip().replace("\\n", "\n")))
    return sections


def read_lists(file_name):
    return {section.name: section.texts() for section in read_sections(file_name)}


def option(section, key, default=""):
    """The value of an attribute written key=value."""
    for attribute in section.attributes:
        name, equals, value = attribute.partition("=")
        if equals and name == key:
            return value
    return default


@dataclass
class Piece:
    text: str
    tag: str = ""  # of a question: one letter; of other pieces: the questions they fit, "" fits all


@dataclass
class Exchange:
    """What the asker may answer to a counter-question, and what the persona says to that."""
    reply: str
    reactions: list = field(default_factory=list)


@dataclass
class CounterQuestion(Piece):
    exchanges: list = field(default_factory=list)


@dataclass
class Situation:
    """What somebody may ask the coach, and the pieces her answers are made of."""
    name: str
    theme: str
    who: str  # "any", "f" or "m"
    questions: list = field(default_factory=list)
    seeing: list = field(default_factory=list)  # how she sees it
    doing: list = field(default_factory=list)  # what she advises
    counters: list = field(default_factory=list)
    months: str = ""  # "6,7,8": only then; "" is all the year
    uses: int = 0  # how often it comes up; 0 leaves it to the export


def fitting(pieces, tag):
    return [piece for piece in pieces if not piece.tag or (tag and tag in piece.tag)]


def read_situations(*file_names):
    """Lines of a situation: "?" a question, "=" how the persona sees it, ">" what she advises, "*" what she asks back;
    under "*", "-" what the asker answers and, under that, "+" how she reacts. "=ab" fits only the questions
    "?a" and "?b"; without letters a piece fits every question of its situation."""
    situations = []
    for section in (section for name in file_names for section in read_sections(name)):
        theme = section.name.partition(".")[0]
        situation = Situation(section.name, theme, section.attributes[0] if section.attributes else "any",
                              months=option(section, "months"), uses=int(option(section, "uses", "0")))
        for marker, text in section.lines:
            kind, tag = marker[0], marker[1:]
            if kind == "?":
                situation.questions.append(Piece(text, tag))
            elif kind == "=":
                situation.seeing.append(Piece(text, tag))
            elif kind == ">":
                situation.doing.append(Piece(text, tag))
            elif kind == "*":
                situation.counters.append(CounterQuestion(text, tag))
            elif kind == "-":
                situation.counters[-1].exchanges.append(Exchange(text))
            elif kind == "+":
                situation.counters[-1].exchanges[-1].reactions.append(text)
            else:
                raise ValueError(f"{section.name}: unknown marker {marker}")
        situations.append(situation)
    return situations


def gendered(text, gender):
    return GENDER.sub(lambda match: match.group(1 if gender == "f" else 2), text)


def lower_first(text):
    return text[:1].lower() + text[1:]


def upper_first(text):
    """The first letter, even behind a quotation mark."""
    for index, sign in enumerate(text):
        if sign.isalnum():
            return text[:index] + sign.upper() + text[index + 1:]
    return text
