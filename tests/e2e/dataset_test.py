#!/usr/bin/env python3
"""The files of a dataset, what became of each message, and the exports, on the Russian example."""

import csv
import io
import json
import re
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

RUSSIAN = ROOT / "examples/ru/result.json"


def lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


class Dataset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.workspace.run("import", RUSSIAN)
        cls.workspace.run("people", "--persona", "Наташа")
        cls.built = cls.workspace.json("build")
        cls.folder = Path(cls.built["dir"])

    def rows(self, name):
        text = (self.folder / name).read_bytes().decode("utf-8")
        self.assertTrue(text.startswith("\ufeff"), name)
        separator = ";" if "диалог" in text[:40] or "сообщение" in text[:40] else ","
        table = list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=separator))
        self.assertEqual({len(row) for row in table}, {len(table[0])}, name)
        return table[1:]

    def test_every_message_of_the_persona_is_answer_or_reject(self):
        self.assertEqual(self.built["messages"], self.built["answers"] + sum(self.built["rejected"].values()))
        rejected = self.rows("rejected.csv")
        self.assertEqual(len(rejected), sum(self.built["rejected"].values()))
        counts = {}
        for row in rejected:
            counts[row[3]] = counts.get(row[3], 0) + 1
        self.assertEqual(counts, self.built["rejected"])

    def test_the_tables_agree_with_the_lines(self):
        pairs = lines(self.folder / "pairs.jsonl")
        self.assertEqual(len(pairs), self.built["pairs"])
        parts = {name: lines(self.folder / f"{name}.jsonl") for name in ("train", "valid", "test")}
        for pair in pairs:
            sample = parts[pair["split"]][pair["line"] - 1]
            self.assertEqual(sample["messages"][-1]["content"], pair["answer"])
            self.assertIn(pair["question"], sample["messages"][-2]["content"])
        dialogs = json.loads((self.folder / "dialogs.json").read_text(encoding="utf-8"))["dialogs"]
        self.assertEqual(len(dialogs), self.built["dialogs"])
        samples = [turn["sample"] for dialog in dialogs for turn in dialog["turns"] if "sample" in turn]
        self.assertEqual(len(samples), self.built["pairs"])
        self.assertEqual(len(self.rows("dialogs.csv")), sum(len(dialog["turns"]) for dialog in dialogs))

    def test_quality_is_what_the_page_says(self):
        self.assertAlmostEqual(self.built["quality"], self.built["answers"] / self.built["candidates"], places=3)
        self.assertEqual(sum(self.built["quality_histogram"]), self.built["pairs"])
        weights = dict(re.findall(r"\| `(\w+)` \| (0\.\d+) \|", (ROOT / "docs/quality.md").read_text()))
        for pair in lines(self.folder / "pairs.jsonl"):
            mean = sum(float(weights[name]) * share for name, share in pair["signals"].items())
            self.assertAlmostEqual(mean, pair["quality"], delta=0.011)

    def test_others_words_reach_prompts(self):
        self.assertGreaterEqual(self.built["context_coverage"], 0.9)

    def test_no_phone_mail_or_other_name_is_left(self):
        for name in ("train.jsonl", "pairs.jsonl", "dialogs.json", "dialogs.csv", "rejected.csv"):
            text = (self.folder / name).read_text(encoding="utf-8")
            self.assertNotRegex(text, r"\+7 ?\(?9\d\d|@example\.(com|ru)", name)
        self.assertGreater(self.built["pii"]["name"], 0)
        self.assertNotIn("северова", json.dumps(self.built["pii"]))

    def test_why_follows_a_message(self):
        pair = lines(self.folder / "pairs.jsonl")[0]
        why = self.workspace.json("why", pair["id"])
        self.assertEqual((why["fate"], why["split"], why["line"]), ("answer", pair["split"], pair["line"]))
        self.assertEqual(why["signals"], pair["signals"])
        asked = self.workspace.json("why", why["answers_to"])
        self.assertEqual(asked["fate"], "context")
        self.assertIn({"split": pair["split"], "line": pair["line"]}, asked["answered_by"])
        row = self.rows("rejected.csv")[0]
        rejected = self.workspace.json("why", row[0])
        self.assertEqual((rejected["fate"], rejected["rule"]["name"]), ("rejected", row[3]))
        self.assertIn(row[3], self.workspace.run("why", row[0])[0])
        self.workspace.run("why", "what", status=2)
        self.workspace.run("why", "1:99999999", status=2)

    def test_a_build_without_samples_says_what_took_them(self):
        errors = self.workspace.run("build", "--min-answer", "2000", status=1)[1]
        self.assertIn("0 samples", errors)
        self.assertIn("--min-answer", errors)

    def test_pii_of_an_unknown_kind_is_misuse(self):
        self.assertIn("did you mean phone", self.workspace.run("build", "--pii", "keep,phne=drop", status=2)[1])

    def test_exports_have_their_files(self):
        expected = {"openai": "train.jsonl", "sharegpt": "train.jsonl", "alpaca": "train.json", "trl": "train.jsonl",
                    "llamafactory": "dataset_info.json", "axolotl": "axolotl.yaml", "gemini": "train.jsonl"}
        for form, name in expected.items():
            done = self.workspace.json("export", "--format", form)
            self.assertIn(name, [file["name"] for file in done["files"]])
            self.assertTrue((Path(done["dir"]) / name).is_file())
            self.assertEqual(sum(file["samples"] for file in done["files"]), self.built["pairs"])
        errors = self.workspace.run("export", "--format", "sharegtp", status=2)[1]
        self.assertIn("sharegpt", errors)
        self.assertIn("--dpo", self.workspace.run("export", "--format", "preference", status=2)[1])


if __name__ == "__main__":
    program.main()
