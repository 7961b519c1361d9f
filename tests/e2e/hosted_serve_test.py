#!/usr/bin/env python3
"""`finetune --provider openai-compatible` against our own server, which really trains: the same client, the same wire."""

import json
import shutil
import signal
import subprocess
import unittest

import program
from program import ROOT, Workspace

BASE = "smollm2-135m-instruct"


class OurServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.there, cls.here = Workspace(), Workspace()
        cls.server = subprocess.Popen(
            [program.PROGRAM, "--workspace", str(cls.there.path), "--json", "serve", "--port", "0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.server.stdout.close)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.send_signal, signal.SIGTERM)
        cls.address = json.loads(cls.server.stdout.readline())["address"].rstrip("/")
        cls.here.json("import", ROOT / "examples/en/result.json")
        built = cls.here.json("build", "--persona", "Maya")
        # A dozen samples: one epoch is a few steps.
        cls.dataset = cls.here.path / "datasets/few"
        shutil.copytree(built["dir"], cls.dataset)
        for split, most in (("train", 12), ("valid", 3), ("test", 2)):
            file = cls.dataset / f"{split}.jsonl"
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)[:most]
            file.write_text("".join(lines), encoding="utf-8")

    def test_trained_there_tested_here(self):
        where = ("--provider", "openai-compatible", "--base-url", self.address + "/v1")
        self.assertIn(BASE, [model["id"] for model in self.here.json("models", *where)["models"]])
        finetune = ("finetune", *where, "--model", BASE, "--dataset", self.dataset, "--suffix", "maya", "--epochs", 1, "--yes")
        job = self.here.json(*finetune)
        self.assertEqual(job["status"], "succeeded")
        self.assertRegex(job["fine_tuned_model"], f"^ft:{BASE}:.*maya")
        self.assertEqual(self.here.json(*finetune)["id"], job["id"])
        results = json.loads((self.here.path / f"results/{job['id']}.json").read_text(encoding="utf-8"))
        self.assertEqual(len(results["answers"]), 2)
        self.assertGreater(len(results["losses"]), 0)
        self.assertTrue((self.here.path / f"results/{job['id']}.svg").exists())
        there = self.there.rows("SELECT id FROM jobs")
        self.assertEqual(there, [(job["id"],)])
        files = self.here.json("files", *where)["files"]
        self.assertEqual(len([file for file in files if file["purpose"] == "fine-tune"]), 2)
        answer = self.here.json("chat", *where, "--message", "Hi!", "--max-tokens", 8)
        self.assertEqual(answer["model"], job["fine_tuned_model"])
        self.assertTrue(answer["content"].strip())
        self.assertLessEqual(answer["completion_tokens"], 8)


if __name__ == "__main__":
    program.main(BASE)
