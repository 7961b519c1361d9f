#!/usr/bin/env python3
"""`idiolect validate` from outside: counts, places, mending, cost, and what it says when its tokenizer is missing."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

FAULTS = ROOT / "tests/reference/cookbook-faults.jsonl"
SOUND = ROOT / "tests/reference/cookbook-sound.jsonl"
EXPECTED = json.loads((ROOT / "tests/reference/cookbook.json").read_text())


def validate(*words, status=0, **environment):
    command = [program.PROGRAM, "validate", *map(str, words), "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    if done.returncode != status:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Validate(unittest.TestCase):
    def test_the_notebooks_counts(self):
        report = json.loads(validate(FAULTS, "--json", status=1).stdout)["files"][0]
        self.assertEqual(report["notebook"], EXPECTED["faults"])
        self.assertEqual({kind: report["faults"].get(kind) for kind in EXPECTED["faults"]}, EXPECTED["faults"])
        places = {(f["kind"], f["line"]) for f in report["findings"]}
        self.assertIn(("data_type", 2), places)
        self.assertIn(("message_unrecognized_key", 8), places)

    def test_a_sound_file_has_tokens_and_dated_costs(self):
        result = json.loads(validate(SOUND, "--epochs", 4, "--json").stdout)
        report = result["files"][0]
        self.assertEqual((report["errors"], report["tokenizer"], report["exact"]), (0, "o200k_base", True))
        self.assertEqual(report["tokens"], EXPECTED["sound"]["total_tokens"])
        for cost in result["costs"]:
            self.assertRegex(cost["seen"], r"^\d{4}(-\d\d){0,2}$")
            self.assertTrue(cost["source"])
            self.assertEqual(cost["trained_tokens"], 4 * report["tokens"])
            if cost["amount"] is not None:
                self.assertAlmostEqual(cost["amount"], cost["trained_tokens"] * cost["per_million"] / 1e6)

    def test_a_price_file_of_the_users_own(self):
        with tempfile.TemporaryDirectory() as folder:
            prices = Path(folder, "prices.toml")
            prices.write_text('[[price]]\nprovider="mine"\nmodel="m"\ncurrency="EUR"\ntraining=1000\nseen="2026-11-24"\n'
                              'source="a letter"\n')
            text = validate(SOUND, "--prices", prices, "--epochs", 2).stdout
            self.assertIn(f"mine m: {EXPECTED['sound']['total_tokens'] * 2 / 1000:.2f} EUR", text)
            self.assertIn("seen 2026-11-24, a letter", text)
            prices.write_text('[[price]]\nprovider="mine"\n')
            self.assertIn("price 1", validate(SOUND, "--prices", prices, status=1).stderr)

    def test_fix_leaves_no_error_in_any_line(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "mended.jsonl")
            before = FAULTS.read_bytes()
            fix = json.loads(validate(FAULTS, "--fix", out, "--json", status=1).stdout)["fix"]
            self.assertEqual(FAULTS.read_bytes(), before)
            self.assertEqual(fix["lines_kept"], len(out.read_text().splitlines()))
            self.assertEqual(fix["lines_kept"] + len(fix["dropped"]), len(before.splitlines()))
            report = json.loads(validate(out, "--json", status=1).stdout)["files"][0]
            self.assertEqual(report["faults"], {"too_few_examples": 1})
            validate(FAULTS, "--fix", FAULTS, status=2)
            validate(FAULTS, SOUND, "--fix", out, status=2)

    def test_without_the_tokenizer_it_estimates_and_says_so(self):
        done = validate(SOUND, IDIOLECT_O200K="/nonexistent/ranks")
        self.assertIn("ESTIMATE", done.stdout)
        report = json.loads(validate(SOUND, "--json", IDIOLECT_O200K="/nonexistent/ranks").stdout)["files"][0]
        self.assertFalse(report["exact"])
        self.assertAlmostEqual(report["tokens"] / EXPECTED["sound"]["total_tokens"], 1, delta=0.2)

    def test_bad_files(self):
        validate("/no/such/file.jsonl", status=2)
        with tempfile.TemporaryDirectory() as folder:
            odd = Path(folder, "odd.jsonl")
            for content in (b"", b"\x00\xff\xfe", b"[" * 100_000, b'{"messages":' + b"x" * 1_000_000):
                odd.write_bytes(content)
                report = json.loads(validate(odd, "--json", status=1).stdout)["files"][0]
                self.assertGreater(report["errors"], 0)
        validate("/dev/zero", status=1)

    def test_the_newest_dataset(self):
        workspace = Workspace()
        workspace.run("import", ROOT / "examples/en/result.json")
        workspace.run("build", "--persona", "Maya")
        files = workspace.json("validate")["files"]
        self.assertEqual([Path(file["file"]).name for file in files][:2], ["train.jsonl", "valid.jsonl"])
        self.assertEqual(sum(file["errors"] for file in files), 0)


if __name__ == "__main__":
    program.main()
