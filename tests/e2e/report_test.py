#!/usr/bin/env python3
"""`idiolect report`: its figures against counts made here, from the workspace's own rows and the example's JSON, by other
code; that its pages are whole, need nothing else and name nobody who was not asked."""

import html.parser
import json
import re
import unittest
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import program
from program import ROOT, Workspace

RUSSIAN = ROOT / "examples/ru/result.json"
ENGLISH = ROOT / "examples/en/result.json"
FORWARDED, VIA_BOT, COMMAND = 1, 2, 16
TALK = (0, 1, 5)  # private chats, groups, others
VOID = {"meta", "rect", "line", "path", "br"}


class Pages(html.parser.HTMLParser):
    """Whether tags close in order, and which addresses are named."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text += data


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspaces = {}
        for name, export, persona in (("ru", RUSSIAN, "Наташа"), ("en", ENGLISH, "Maya")):
            workspace = Workspace()
            workspace.run("import", export)
            cls.built = workspace.json("build", "--persona", persona)
            report = json.loads(workspace.run("report", "--no-time", "--json", "--timezone", "UTC", "--lang", name)[0])
            cls.workspaces[name] = (workspace, cls.built, report)

    def each(self):
        for name, (workspace, built, report) in self.workspaces.items():
            with self.subTest(name):
                yield name, workspace, built, report

    def test_the_collection_is_counted_right(self):
        for _, workspace, _, report in self.each():
            got = report["collection"]
            rows = workspace.rows("SELECT id, time, author, kind FROM messages")
            persona = self.persona(workspace)
            self.assertEqual(got["messages"], len(rows))
            self.assertEqual(got["ordinary"], sum(kind == 0 for *_, kind in rows))
            self.assertEqual(got["persona_messages"], sum(a == persona and kind == 0 for _, _, a, kind in rows))
            self.assertEqual(got["people"], len({a for _, _, a, kind in rows if a and kind == 0}))
            days = {datetime.fromtimestamp(time, timezone.utc).date() for _, time, *_ in rows}
            self.assertEqual(got["days"], len(days))
            self.assertEqual((got["first"], got["last"]), (str(min(days)), str(max(days))))
            self.assertEqual(sum(chat["messages"] for chat in got["chats"]), len(rows))

    def test_the_dataset_is_counted_right(self):
        for _, workspace, built, report in self.each():
            got = report["dataset"]
            self.assertEqual(got["pairs"], built["pairs"])
            self.assertEqual(got["dialogs"], built["dialogs"])
            self.assertEqual(got["accepted"], built["answers"])
            samples = workspace.rows("SELECT conversation, answer FROM samples")
            channels = Counter(first >> 34 for first in {first for first, _ in samples})
            self.assertEqual(sorted(c["dialogs"] for c in got["channels"]), sorted(channels.values()))
            self.assertEqual(sum(c["pairs"] for c in got["channels"]), len(samples))
            self.assertLessEqual(max(got["topics"].values()), got["dialogs"])

    def test_the_style_is_counted_right(self):
        for _, workspace, _, report in self.each():
            persona = self.persona(workspace)
            kinds = dict(workspace.rows("SELECT id, kind FROM chats"))
            rows = workspace.rows("SELECT id, author, flags, text FROM messages WHERE kind = 0 ORDER BY id")
            spoken = {i >> 34 for i, author, *_ in rows if author == persona}
            for voice in ("persona", "others"):
                texts = [text for i, author, flags, text in rows
                         if i >> 34 in spoken and kinds[i >> 34] in TALK and text.strip()
                         and not flags & (FORWARDED | VIA_BOT | COMMAND)
                         and (author == persona) == (voice == "persona")]
                got = report["style"][voice]
                self.assertEqual(got["messages"], len(texts))
                self.assertEqual(got["characters"], sum(map(len, texts)))
                features = got["features"]
                self.assertEqual(features["question"], sum("?" in text for text in texts))
                self.assertEqual(features["exclamation"], sum("!" in text for text in texts))
                self.assertEqual(features["angle_quotes"], sum("«" in text for text in texts))
                self.assertEqual(features["dash"], sum("—" in text or "–" in text for text in texts))
                self.assertEqual(features["ellipsis"],
                                 sum(bool(re.search(r"…|(?<!\.)\.\.\.", text)) for text in texts))
                self.assertEqual(got["words"], sum(len(self.words(text)) for text in texts))
                informal = {"ты", "тебя", "тебе", "тобой", "тобою", "твой", "твоя", "твое", "твои", "твоего", "твоей",
                            "твоему", "твоим", "твоих", "твою", "твоими"}
                self.assertEqual(got["traits"]["informal"],
                                 sum(any(word in informal for word in self.words(text)) for text in texts))

    def test_the_favourite_words_were_said_that_often(self):
        for _, workspace, _, report in self.each():
            persona = self.persona(workspace)
            said = Counter()
            kinds = dict(workspace.rows("SELECT id, kind FROM chats"))
            for i, flags, text in workspace.rows(f"SELECT id, flags, text FROM messages WHERE kind = 0 AND author = {persona}"):
                if kinds[i >> 34] in TALK and not flags & (FORWARDED | VIA_BOT | COMMAND):
                    said.update(self.words(text))
            self.assertTrue(report["style"]["words"])
            for word in report["style"]["words"]:
                self.assertEqual(word["persona"], said[word["text"]], word)

    def test_the_pages_are_whole_and_need_nothing_else(self):
        for name, workspace, _, _ in self.each():
            # Another test may have written them in another language since.
            report = json.loads(workspace.run("report", "--no-time", "--json", "--lang", name)[0])
            files = [Path(file) for file in report["files"]]
            self.assertEqual(sorted(file.name for file in files),
                             ["collection.html", "collection.md", "dataset.html", "dataset.md", "instructions.md",
                              "style.html", "style.md"])
            for file in files:
                text = file.read_text(encoding="utf-8")
                title = re.search(r"<title>(.*?)</title>|^# (.*)", text)
                self.assertTrue(title, file)
                self.assertEqual(name == "ru", bool(re.search("[а-я]", title.group(0))), (file, title))
                if file.suffix != ".html":
                    continue
                pages = Pages()
                pages.feed(text)
                pages.close()
                self.assertEqual(pages.open, [])
                self.assertNotIn("<script", text)
                for link in pages.links:
                    self.assertRegex(link, r"^(#s\d+|(collection|dataset|style)\.html)$")

    def test_other_people_are_pseudonyms_unless_asked(self):
        workspace, _, report = self.workspaces["en"]
        persona = self.persona(workspace)
        names = [name for person, name in workspace.rows("SELECT person_id, name FROM person_names") if person != persona]
        pages = "".join(Path(file).read_text(encoding="utf-8") for file in report["files"])
        for name in names:
            self.assertNotIn(name, pages)
        workspace.run("report", "--no-time", "--names", "real")
        style = "".join(Path(file).read_text(encoding="utf-8") for file in report["files"])
        self.assertIn("Dee Okafor", style)

    def test_the_lexicon_may_be_edited(self):
        workspace, _, _ = self.workspaces["ru"]
        lexicon = workspace.path / "lexicon.txt"
        built_in = lexicon.read_text(encoding="utf-8")
        try:
            lexicon.write_text("[topic walks | walks | прогулки]\nидти гулять гора\n", encoding="utf-8")
            self.assertEqual(list(workspace.json("report", "--no-time")["dataset"]["topics"]), ["walks"])
            lexicon.write_text("[oops]\n", encoding="utf-8")
            self.assertIn("lexicon.txt:1", workspace.run("report", "--no-time", status=1)[1])
        finally:
            lexicon.write_text(built_in, encoding="utf-8")

    def test_without_a_dataset_it_says_what_to_do(self):
        workspace = Workspace()
        workspace.run("import", ENGLISH)
        self.assertIn("idiolect build", workspace.run("report", "--no-time", "--persona", "Maya", status=2)[1])
        workspace.run("build")
        self.assertIn("Nowhere", workspace.run("report", "--no-time", "--timezone", "Nowhere/Else", status=2)[1])

    @staticmethod
    def persona(workspace):
        return workspace.rows("SELECT people.id FROM people JOIN settings ON source_id = value WHERE name = 'persona'")[0][0]

    @staticmethod
    def words(text):
        text = re.sub(r"(?<![^\s(])(https?://|www\.|t\.me/|@\S)\S*", " ", text).lower().replace("ё", "е")
        return [word.replace("’", "'") for word in re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", text)]


if __name__ == "__main__":
    program.main()
