#!/usr/bin/env python3
"""SIGKILL in the middle of import and build, at many moments; the same command afterwards must give what it gives
undisturbed. (Training: kill_training_test.py.)"""

import random
import tempfile
import time
import unittest
from pathlib import Path

import program
from program import Workspace

MESSAGES = 60_000
KILLS = 8
TABLES = {  # without the times at which things were done
    "chats": "SELECT * FROM chats ORDER BY id",
    "people": "SELECT * FROM people ORDER BY id",
    "names": "SELECT * FROM person_names ORDER BY person_id, name",
    "messages": "SELECT * FROM messages ORDER BY id",
}


def moments(seconds, dice):
    """Moments spread over a run of so many seconds, each at random within its share."""
    return [seconds * (share + dice.random()) / KILLS for share in range(KILLS)]


def kill_at_moments(seconds, dice, kill):
    """kill(moment) at those moments. Where the machine has become so much faster that fewer than two met the command
    at work, also at earlier and earlier ones."""
    killed = sum(kill(moment) for moment in moments(seconds, dice))
    while killed < 2 and seconds > 0.001:
        seconds /= 2
        killed += kill(seconds)
    return killed


class Killed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.export = Path(cls.folder.name, "result.json")
        program.write_export(cls.export, MESSAGES)
        cls.dice = random.Random(3)

    def test_import(self):
        undisturbed, seconds = Workspace(), 60.0
        for workspace in (Workspace(), undisturbed):  # the first may be slow for reasons of its own
            start = time.monotonic()
            workspace.json("import", self.export)
            seconds = min(seconds, time.monotonic() - start)
        expected = {name: undisturbed.digest(query) for name, query in TABLES.items()}
        self.assertEqual(undisturbed.rows("SELECT count(*) FROM messages"), [(MESSAGES,)])

        def kill(moment):
            workspace = Workspace()
            met = workspace.kill_after(moment, "import", self.export)
            workspace.json("import", self.export)
            for name, query in TABLES.items():
                self.assertEqual(workspace.digest(query), expected[name], f"{name} after a kill at {moment:.3f} s")
            return met
        self.assertGreaterEqual(kill_at_moments(seconds, self.dice, kill), 2)

    def test_import_killed_again_and_again(self):
        undisturbed = Workspace()
        undisturbed.json("import", self.export)
        workspace = Workspace()
        for moment in moments(0.6, self.dice):
            workspace.kill_after(moment, "import", self.export)
        workspace.json("import", self.export)
        for name, query in TABLES.items():
            self.assertEqual(workspace.digest(query), undisturbed.digest(query), name)

    def test_build(self):
        workspace = Workspace()
        workspace.json("import", self.export)
        workspace.json("build", "--persona", "Dora")
        start = time.monotonic()
        first = workspace.json("build", "--persona", "Dora", "--again")
        seconds = time.monotonic() - start
        expected = {split: program.file_digest(Path(first["dir"], f"{split}.jsonl"))
                    for split in ("train", "valid", "test")}
        samples = "SELECT {} FROM samples WHERE dataset_id = (SELECT max(id) FROM datasets) ORDER BY answer".format(
            "answer, answer_last, answers_to, conversation, link, split, line")
        expected_samples = workspace.digest(samples)

        def kill(moment):
            other = Workspace()
            other.json("import", self.export)
            met = other.kill_after(moment, "build", "--persona", "Dora")
            summary = other.json("build", "--persona", "Dora")
            for split, digest in expected.items():
                self.assertEqual(program.file_digest(Path(summary["dir"], f"{split}.jsonl")), digest,
                                 f"{split} after a kill at {moment:.3f} s")
            self.assertEqual(other.digest(samples), expected_samples)
            # A dataset's folder is whole or not there at all.
            for folder in (other.path / "datasets").iterdir():
                if not folder.name.startswith("."):
                    self.assertTrue((folder / "manifest.json").exists(), folder)
            return met
        self.assertGreaterEqual(kill_at_moments(seconds, self.dice, kill), 2)


if __name__ == "__main__":
    program.main()
