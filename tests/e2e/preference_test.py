#!/usr/bin/env python3
"""Preferences from a chat to a model, with SmolLM2's real weights: the base model answers the dataset's questions, training
prefers the person's answers to its own, and the model that comes of it answers."""

import json
import math
import unittest

import program
from program import ROOT, Workspace

MODEL = "smollm2-135m-instruct"
PAIRS = 16


class Preference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.workspace.run("import", ROOT / "examples/en/result.json")
        cls.workspace.run("build", "--persona", "Maya")
        cls.workspace.run("export", "--dpo", "--model", MODEL, "--pairs", PAIRS)
        cls.job = cls.workspace.json("finetune", "--persona", "Maya", "--model", MODEL, "--method", "dpo", "--epochs", 3,
                                     "--learning-rate", 5e-4, "--rank", 8, "--pack-tokens", 512, "--rows-per-step", 2)

    def test_the_persons_answers_gain_on_the_models_own(self):
        self.assertEqual(self.job["status"], "succeeded")
        rows = self.workspace.rows("SELECT data FROM job_events WHERE type = 'metrics' ORDER BY rowid")
        steps = [data for data in (json.loads(row[0]) for row in rows) if "train_loss" in data]
        # The model begins as its own reference, so nothing is preferred at first.
        self.assertAlmostEqual(steps[0]["train_loss"], math.log(2), places=4)
        self.assertLess(steps[-1]["train_loss"], 0.6)
        self.assertGreater(steps[-1]["train_reward_margin"], 0.1)
        self.assertGreaterEqual(steps[-1]["train_reward_accuracy"], 0.75)

    def test_it_answers(self):
        answer = self.workspace.json("chat", "--message", "Are you coming tonight?", "--temperature", 0, "--max-tokens", 40)
        self.assertTrue(answer["content"].strip())
        self.assertNotIn("<|im_", answer["content"])


if __name__ == "__main__":
    program.main(MODEL)
