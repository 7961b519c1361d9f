#!/usr/bin/env python3
"""`run` on the Russian example with Gemma 3's real weights and two steps: a base model without a chat template, another
family, another tokenizer; the template that the engine brings must reach the chat."""

import json
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

RUN = ("run", ROOT / "examples/ru/result.json", "--persona", "Наташа", "--model", "gemma-3-270m", "--max-steps", 2,
       "--pack-tokens", 256, "--rank", 4)


class Gemma(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.report = cls.workspace.json(*RUN)

    def test_it_trains_and_answers(self):
        job = self.report["finetune"]["result"]
        self.assertEqual(job["status"], "succeeded")
        config = json.loads(Path(job["adapter"], "adapter_config.json").read_text(encoding="utf-8"))
        self.assertEqual(config["r"], 4)
        rows = next(value for value in self.report["answers"]["result"].values() if isinstance(value, list))
        self.assertEqual(len(rows), 5)

    def test_chat_ends_at_the_template_and_shows_none_of_it(self):
        answer = self.workspace.json("chat", "--message", "Привет! Как прошла прогулка?", "--temperature", 0,
                                     "--max-tokens", 40)
        self.assertTrue(answer["content"].strip())
        self.assertNotIn("<|im_", answer["content"])
        self.assertIn(answer["finish_reason"], ("stop", "length"))


if __name__ == "__main__":
    program.main("gemma-3-270m")
