#!/usr/bin/env python3
"""SIGKILL in the middle of training, at several moments; the same command afterwards goes on from the checkpoint to the
losses and the adapter of an undisturbed run."""

import json
import random
import time
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

# f32 on one thread adds in one order, so that losses are equal to the last digit.
STEPS = 12
TRAIN = ("finetune", "--model", "smollm2-135m-instruct", "--max-steps", STEPS, "--pack-tokens", 128, "--rank", 4,
         "--threads", 1, "--precision", "f32", "--checkpoint-seconds", 0)
KILL_AFTER = (2, 5, 9)  # steps; then at a random moment of the next one


def losses(workspace):
    """The recorded loss of every step; a step recorded twice must have been the same both times."""
    found = {}
    for step, data in workspace.rows("SELECT step, data FROM job_events WHERE type = 'metrics' AND step > 0 "
                                     "ORDER BY id"):
        values = json.loads(data)
        if "train_loss" not in values:
            continue
        if found.setdefault(step, values["train_loss"]) != values["train_loss"]:
            raise AssertionError(f"step {step} had two losses")
    return found


def prepared():
    workspace = Workspace()
    workspace.json("import", ROOT / "examples/en/result.json")
    workspace.json("build", "--persona", "Maya")
    return workspace


class Killed(unittest.TestCase):
    def test_training_goes_on_to_the_same_adapter(self):
        undisturbed = prepared()
        start = time.monotonic()
        job = undisturbed.json(*TRAIN)
        step_seconds = (time.monotonic() - start) / STEPS
        expected = losses(undisturbed)
        self.assertEqual(set(expected), set(range(1, STEPS + 1)))

        dice = random.Random(5)
        workspace = prepared()
        for step in KILL_AFTER:
            reached = f"SELECT count(*) FROM job_events WHERE type = 'metrics' AND step >= {step}"
            self.assertTrue(workspace.kill_when(lambda query=reached: workspace.rows(query)[0][0] > 0,
                                                step_seconds * dice.random(), *TRAIN), f"no kill after step {step}")
        resumed = workspace.json(*TRAIN)
        self.assertEqual(losses(workspace), expected)
        weights = "adapter_model.safetensors"
        self.assertEqual(program.file_digest(Path(resumed["adapter"], weights)),
                         program.file_digest(Path(job["adapter"], weights)))
        # It went on rather than began anew.
        resumes = workspace.rows("SELECT message FROM job_events WHERE message LIKE 'resumed after step %'")
        self.assertTrue(resumes)
        self.assertNotIn(("resumed after step 0",), resumes)


if __name__ == "__main__":
    program.main("smollm2-135m-instruct")
