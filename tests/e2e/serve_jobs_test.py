#!/usr/bin/env python3
"""Jobs of idiolect serve in bad weather: paused and resumed, cancelled while they wait and while they train, a trainer
that crashes, a server that is killed and started again."""

import os
import signal
import time
import unittest
from pathlib import Path

import program
from server import BASE, Server, training_file

# A step an epoch, half a second each on two slow processors: long enough to be interrupted anywhere.
SLOW = {"n_epochs": 50, "batch_size": 1}
OPTIONS = ("--threads", 1, "--checkpoint-seconds", 0)


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (OSError, IndexError):
            continue
    return found


def steps(server, job):
    events = server.get(f"/v1/fine_tuning/jobs/{job}/events?limit=1000").json["data"]
    return [event["data"]["step"] for event in events if "train_loss" in event["data"]]


class Jobs(unittest.TestCase):
    def setUp(self):
        self.server = Server(*OPTIONS)
        self.addCleanup(lambda: self.server.end())  # pylint: disable=unnecessary-lambda
        self.file = self.server.upload(training_file(10)).json["id"]

    def create(self, **hyper):
        made = self.server.post("/v1/fine_tuning/jobs", {
            "model": BASE, "training_file": self.file, "seed": 1,
            "method": {"type": "supervised", "supervised": {"hyperparameters": {**SLOW, **hyper}}}})
        self.assertEqual(made.status, 200, made.bytes)
        return made.json["id"]

    def wait_for_step(self, job, step):
        end = time.monotonic() + 1200  # against hanging only
        while len(steps(self.server, job)) < step:
            self.assertLess(time.monotonic(), end, self.server.get(f"/v1/fine_tuning/jobs/{job}").json)
            time.sleep(0.1)

    def no_trainer(self):
        """The trainer has stopped; the server reaps it a moment later."""
        end = time.monotonic() + 1200
        while children(self.server.process.pid):
            self.assertLess(time.monotonic(), end, "the trainer goes on")
            time.sleep(0.05)

    def test_pause_resume_cancel(self):
        first, second = self.create(), self.create()
        self.wait_for_step(first, 2)
        self.assertIn(self.server.get(f"/v1/fine_tuning/jobs/{second}").json["status"], ("validating_files", "queued"))
        # One that waits is cancelled at once.
        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{second}/cancel").json["status"], "cancelled")
        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{second}/cancel").status, 400)
        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{first}/resume").status, 400)

        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{first}/pause").status, 200)
        self.server.follow(first, until=("paused",))
        done = max(steps(self.server, first))
        time.sleep(1)
        self.assertEqual(max(steps(self.server, first)), done)
        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{first}/resume").status, 200)
        self.wait_for_step(first, done + 2)
        seen = steps(self.server, first)
        self.assertEqual(sorted(seen), list(range(1, len(seen) + 1)), "each step once: it went on from its checkpoint")

        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{first}/cancel").status, 200)
        ended = self.server.follow(first, until=("cancelled",))
        self.assertIsNone(ended["error"])
        self.assertIsNotNone(ended["finished_at"])
        self.assertEqual(children(self.server.process.pid), [])

    def test_the_command_line_pauses_resumes_and_cancels(self):
        job = self.create()
        jobs = lambda *words: self.server.workspace.json("jobs", *words)  # noqa: E731
        self.wait_for_step(job, 2)
        # With a server that trains it: the command waits until the trainer has stopped.
        self.assertEqual(jobs("pause", job)["status"], "paused")
        done = max(steps(self.server, job))
        self.no_trainer()
        self.assertEqual(jobs("resume", job)["status"], "queued")
        self.wait_for_step(job, done + 1)
        # Without one.
        self.server.end()
        self.assertEqual(jobs("pause", job)["status"], "paused")
        refused = self.server.workspace.run("jobs", "pause", "ftjob-no", status=2)[1]
        self.assertIn("there is no job ftjob-no", refused)
        self.assertEqual(jobs("follow", job)["status"], "paused")
        self.assertEqual(jobs("resume", job)["status"], "queued")
        self.server.start()
        self.wait_for_step(job, done + 2)
        seen = steps(self.server, job)
        self.assertEqual(sorted(seen), list(range(1, len(seen) + 1)), "it went on from its checkpoint")
        self.assertEqual(jobs("cancel", job)["status"], "cancelled")
        self.assertEqual(self.server.get(f"/v1/fine_tuning/jobs/{job}").json["status"], "cancelled")
        self.no_trainer()
        self.assertFalse((self.server.workspace.path / "checkpoints" / job).exists())
        self.assertIn("cannot be cancelled", self.server.workspace.run("jobs", "cancel", job, status=2)[1])

    def test_a_crashed_trainer_is_a_failed_job(self):
        job = self.create()
        self.wait_for_step(job, 1)
        for child in children(self.server.process.pid):
            os.kill(child, signal.SIGSEGV)
        failed = self.server.follow(job)
        self.assertEqual(failed["status"], "failed")
        self.assertEqual(failed["error"]["code"], "trainer_crashed")
        self.assertIn("signal 11", failed["error"]["message"])
        self.assertEqual(self.server.get("/health").status, 200)

    def test_a_killed_server_goes_on_with_its_job(self):
        job = self.create()
        self.wait_for_step(job, 2)
        self.server.end(signal.SIGKILL)
        self.server.start()
        before = self.server.get(f"/v1/fine_tuning/jobs/{job}").json
        self.assertEqual(before["status"], "running")
        self.wait_for_step(job, 5)
        seen = steps(self.server, job)
        self.assertEqual(sorted(seen), list(range(1, len(seen) + 1)))
        messages = [event["message"] for event in
                    self.server.get(f"/v1/fine_tuning/jobs/{job}/events?limit=1000").json["data"]]
        self.assertTrue(any(message.startswith("resumed after step") for message in messages), messages)
        self.assertEqual(self.server.post(f"/v1/fine_tuning/jobs/{job}/cancel").status, 200)
        self.server.follow(job, until=("cancelled",))


if __name__ == "__main__":
    program.main(BASE)
