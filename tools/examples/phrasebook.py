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


@dataclass
class CounterQuestion:
    question: str
    replies: list = field(default_factory=list)
    reactions: list = field(default_factory=list)


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


def read_situations(*file_names):
    situations = []
    for section in (section for name in file_names for section in read_sections(name)):
        theme = section.name.partition(".")[0]
        situation = Situation(section.name, theme, section.attributes[0] if section.attributes else "any")
        for marker, text in section.lines:
            if marker == "?":
                situation.questions.append(text)
            elif marker == "=":
                situation.seeing.append(text)
            elif marker == ">":
                situation.doing.append(text)
            elif marker == "*":
                situation.counters.append(CounterQuestion(text))
            elif marker == "-":
                situation.counters[-1].replies.append(text)
            elif marker == "+":
                situation.counters[-1].reactions.append(text)
            else:
                raise ValueError(f"{section.name}: unknown marker {marker}")
        situations.append(situation)
    return situations


def gendered(text, gender):
    return GENDER.sub(lambda match: match.group(1 if gender == "f" else 2), text)


def lower_first(text):
    return text[:1].lower() + text[1:]
