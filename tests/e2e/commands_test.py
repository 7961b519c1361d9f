#!/usr/bin/env python3
"""The commands that need no model: import, people, build, status, models, help; what they print and how they end."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

ENGLISH = ROOT / "examples/en/result.json"


def lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


class Help(unittest.TestCase):
    def test_every_command_has_a_help_that_fits_a_screen_and_ends_with_examples(self):
        for language, examples in (("en", "Examples:"), ("ru", "Примеры:")):
            for command in ("", "run", "import", "people", "links", "build", "why", "export", "report", "validate",
                            "finetune", "chat", "status", "models", "jobs", "files"):
                words = [program.PROGRAM, *([command] if command else []), "--help", "--lang", language]
                done = subprocess.run(words, capture_output=True, text=True, check=True)
                self.assertIn(examples, done.stdout, words)
                self.assertLessEqual(len(done.stdout.splitlines()), 50, words)

    def test_the_program_does_not_load_libtorch(self):
        libraries = subprocess.run(["ldd", program.PROGRAM], capture_output=True, text=True, check=True).stdout
        self.assertIn("libc.so", libraries)
        self.assertNotRegex(libraries, r"libtorch|libc10")

    def test_misuse_is_exit_status_2(self):
        workspace = Workspace()
        for words, answer in ((("imprt", "x"), "import"), (("people", "--persna", "x"), "--persona")):
            self.assertIn(answer, workspace.run(*words, status=2)[1])
        workspace.run("import", "/no/such/export", status=2)
        workspace.run("build", status=2)


class Pipeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.imported = cls.workspace.json("import", ENGLISH)

    def test_import_accounts_for_every_message(self):
        export = json.loads(ENGLISH.read_text(encoding="utf-8"))
        chats = export["chats"]["list"] + export.get("left_chats", {}).get("list", [])
        expected = sum(len(chat["messages"]) for chat in chats)
        totals = self.imported["totals"]
        self.assertEqual(totals["messages"] + sum(totals["skipped"].values()), expected)
        self.assertEqual(totals["new_messages"], totals["messages"])
        self.assertEqual(self.imported["files"][0]["format"], "telegram-json")
        self.assertEqual(self.workspace.rows("SELECT count(*) FROM messages"), [(totals["messages"],)])

    def test_the_same_export_from_another_place_adds_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "result.json").write_bytes(ENGLISH.read_bytes())
            again = self.workspace.json("import", folder)
        self.assertEqual(again["totals"]["new_messages"], 0)
        self.assertEqual(again["totals"]["messages"], self.imported["totals"]["messages"])

    def test_people_are_told_apart_and_found_by_part_of_a_name(self):
        people = self.workspace.json("people")["people"]
        self.assertEqual(people[0]["name"], "Maya Linden")
        self.assertEqual(people, sorted(people, key=lambda person: -person["messages"]))
        self.assertEqual(len({person["id"] for person in people}), len(people))
        self.workspace.run("people", "--persona", "mAYA")
        errors = self.workspace.run("people", "--persona", "Maja Lindn", status=2)[1]
        self.assertIn("Maya Linden", errors)

    def test_build_writes_files_that_hold_what_it_says(self):
        summary = self.workspace.json("build", "--persona", "Maya")
        folder = Path(summary["dir"])
        total = 0
        answers = []
        for split in ("train", "valid", "test"):
            samples = lines(folder / f"{split}.jsonl")
            self.assertEqual(len(samples), summary[split])
            self.assertGreater(len(samples), 0)
            total += len(samples)
            for sample in samples:
                self.assertEqual(sample["messages"][-1]["role"], "assistant")
                answer = sample["messages"][-1]["content"]
                before = [message["content"] for message in sample["messages"][:-1]]
                self.assertTrue(answer.strip())
                self.assertNotIn(answer, before)
        self.assertEqual(total, summary["pairs"])
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        text = json.dumps(manifest)
        for split in ("train", "valid", "test"):
            self.assertIn(program.file_digest(folder / f"{split}.jsonl"), text)

    def test_links_tell_what_answers_what_and_why(self):
        shown = self.workspace.json("links", "--limit", "60")
        self.assertEqual(shown["model"], "messenger")
        self.assertGreater(len(shown["links"]), 30)
        reasons = {link["reason"] for link in shown["links"]}
        self.assertIn("guessed", reasons)
        for link in shown["links"]:
            self.assertTrue(0 <= link["probability"] <= 1)
            if link["reason"] == "guessed":
                self.assertLess(link["answers"], link["message"])
            if link["reason"] == "marked":
                self.assertEqual(link["probability"], 1)
        one = shown["links"][-20]
        around = self.workspace.json("links", "--limit", "5", "--message", one["message"])["links"]
        self.assertIn(one["message"], [link["message"] for link in around])
        self.assertEqual(self.workspace.json("links", "--limit", "60"), shown)
        self.assertIn("%", self.workspace.run("links", "--lang", "ru")[0])
        self.workspace.run("links", "--chat", "no such chat", status=2)

    def test_links_are_looked_at_twice_where_that_is_asked_for(self):
        once = self.workspace.json("links", "--limit", "60")["links"]
        twice = self.workspace.json("links", "--limit", "60", "--looks", "2")["links"]
        self.assertEqual([link["message"] for link in once], [link["message"] for link in twice])
        self.assertNotEqual([link["probability"] for link in once], [link["probability"] for link in twice])
        self.assertEqual([link for link in once if link["reason"] == "marked"],
                         [link for link in twice if link["reason"] == "marked"])
        self.workspace.run("links", "--looks", "3", status=2)

    def test_nothing_is_built_twice(self):
        first = self.workspace.json("build", "--persona", "Maya")
        again = self.workspace.json("build", "--persona", "Maya")
        self.assertEqual(first["dir"], again["dir"])

    def test_two_workspaces_give_the_same_files(self):
        other = Workspace()
        other.json("import", ENGLISH)
        first = self.workspace.json("build", "--persona", "Maya")
        second = other.json("build", "--persona", "Maya")
        for split in ("train", "valid", "test"):
            self.assertEqual(program.file_digest(Path(first["dir"], f"{split}.jsonl")),
                             program.file_digest(Path(second["dir"], f"{split}.jsonl")))

    def test_status_names_the_next_command(self):
        other = Workspace()
        other.json("import", ENGLISH)
        status = other.json("status")
        self.assertEqual(status["stages"][0]["stage"], "import")
        self.assertEqual(status["stages"][0]["state"], "done")
        self.assertTrue(status["next"].startswith("idiolect "))

    def test_no_words_of_the_chats_reach_the_log(self):
        log = (self.workspace.path / "logs/idiolect.log").read_text(encoding="utf-8")
        for (text,) in self.workspace.rows("SELECT text FROM messages WHERE length(text) > 12"):
            self.assertNotIn(text, log)


class Models(unittest.TestCase):
    def test_the_catalogue_with_terms_and_state(self):
        models = {model["name"]: model for model in Workspace().json("models")["models"]}
        self.assertEqual(models["smollm2-135m-instruct"]["licence"], "Apache-2.0")
        self.assertEqual(models["gemma-3-270m"]["licence_url"], "https://ai.google.dev/gemma/terms")
        for model in models.values():
            self.assertIn(model["state"], ("absent", "partial", "ready", "damaged"))

    def test_an_unknown_model_is_misuse(self):
        self.assertIn("gemma-3-270m", Workspace().run("models", "pull", "gema-3-270m", status=2)[1])


if __name__ == "__main__":
    program.main()
