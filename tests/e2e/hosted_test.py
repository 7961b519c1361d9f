#!/usr/bin/env python3
"""`finetune --provider` and what follows it, against a server of this test suite that fails in every way at every call:
never a second upload or job, clear words, and the next run goes on."""

import concurrent.futures
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

import fault_server
import program
from fault_server import FAULTS, Server, State
from program import ROOT, Workspace

KEY = "sk-test-0123456789abcdef"
QUICK = """[[provider]]
name = "openai-compatible"
poll_ms = 20
settle_ms = 400
retry_ms = 20
timeout_s = 2
tries = 3
parts_above = {parts_above}
part_bytes = 3000
"""
FINETUNE = ("finetune", "--provider", "openai-compatible", "--model", "tiny-1", "--yes")
# Every call that a whole run makes, in order, with files in one piece and in parts.
CALLS = ("models.get", "files.list", "files.create", "jobs.create", "jobs.get", "jobs.events", "files.content",
         "chat.completions")
PART_CALLS = ("uploads.create", "uploads.part", "uploads.complete")


def whole(server):
    """What must be true of a server after any story: each content there once, one job."""
    state = server.state
    names = [file["filename"] for file, _ in state.files.values() if file["purpose"] == "fine-tune"]
    return len(names) == len(set(names)) == 2 and len(state.jobs) == 1


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.template = Workspace()
        cls.template.json("import", ROOT / "examples/en/result.json")
        cls.template.json("build", "--persona", "Maya")
        cls.secrets = program.words_of_export(ROOT / "examples/en/result.json") | {"I am tiny-1"}

    def workspace(self, server, parts_above=0, key=KEY):
        workspace = Workspace()
        shutil.copytree(self.template.path, workspace.path)
        (workspace.path / "providers.toml").write_text(QUICK.format(parts_above=parts_above), encoding="utf-8")
        env = workspace.path / ".env"
        env.write_text(f"# keys\nexport IDIOLECT_API_KEY='{key}'\n", encoding="utf-8")
        env.chmod(0o600)
        workspace.arguments = (*FINETUNE, "--base-url", server.url + "/v1")
        # Whatever the test did.
        self.addCleanup(program.check_log, workspace, {*self.secrets, key})
        return workspace

    def server(self, **options):
        server = Server(State(**options))
        self.addCleanup(server.close)
        return server


def run(workspace, *words, language="en", environment=None):
    """Exit status, stdout, stderr; whatever the status is."""
    done = subprocess.run([program.PROGRAM, *map(str, words), "--workspace", str(workspace.path), "--lang", language],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout, done.stderr


class Story(Base):
    def test_from_files_to_answers(self):
        server = self.server()
        workspace = self.workspace(server)
        job = workspace.json(*workspace.arguments, "--suffix", "maya", "--epochs", 2, "--seed", 5)
        self.assertTrue(whole(server))
        self.assertEqual(job["status"], "succeeded")
        self.assertRegex(job["fine_tuned_model"], "^ft:tiny-1:org:maya:")
        created = next(json.loads(body) for call, body in server.state.bodies if call == "jobs.create")
        self.assertEqual(created["method"], {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}})
        self.assertEqual((created["seed"], created["suffix"]), (5, "maya"))
        self.assertRegex(created["metadata"]["idiolect_run"], "^run-[0-9a-f]{24}$")
        sent = [content for file, content in server.state.files.values() if file["purpose"] == "fine-tune"]
        dataset = workspace.path / job["dataset"]
        self.assertEqual(sorted(sent), sorted((dataset / f"{split}.jsonl").read_bytes() for split in ("train", "valid")))
        # The results: answers beside the real ones, losses, a picture, a page.
        results = json.loads((workspace.path / f"results/{job['id']}.json").read_text(encoding="utf-8"))
        self.assertEqual(len(results["answers"]), 5)
        for answer in results["answers"]:
            self.assertEqual(answer["base"], "I am tiny-1. Привет!")
            self.assertEqual(answer["tuned"], f"I am {job['fine_tuned_model']}. Привет!")
            self.assertTrue(answer["real"])
        self.assertEqual([point["step"] for point in results["losses"]], [1, 2, 3])
        self.assertEqual(results["losses"][0]["train_loss"], 3.0)  # of the base64 CSV
        picture = (workspace.path / f"results/{job['id']}.svg").read_text(encoding="utf-8")
        self.assertIn('<path class="train"', picture)
        self.assertIn("I am tiny-1", (workspace.path / f"results/{job['id']}.md").read_text(encoding="utf-8"))
        events = workspace.rows("SELECT type FROM job_events ORDER BY id")
        self.assertEqual(events, [("metrics",)] * 3 + [("message",)])
        self.assertIn(f"hosted job {job['id']}: succeeded", program.check_log(workspace, {KEY}))
        # The same command does nothing twice; --again makes another job of the same files.
        again = workspace.json(*workspace.arguments, "--suffix", "maya", "--epochs", 2, "--seed", 5)
        self.assertEqual(again["id"], job["id"])
        self.assertEqual(len(server.state.jobs), 1)
        workspace.json(*workspace.arguments, "--suffix", "maya", "--epochs", 2, "--seed", 5, "--again")
        self.assertEqual((len(server.state.jobs), server.state.calls.count("files.create")), (2, 2))

    def test_in_parts(self):
        server = self.server()
        workspace = self.workspace(server, parts_above=1)
        workspace.json(*workspace.arguments)
        self.assertTrue(whole(server))
        self.assertEqual(server.state.calls.count("files.create"), 0)
        self.assertGreater(server.state.calls.count("uploads.part"), 3)

    def test_a_dry_run_sends_nothing_and_without_yes_nothing_is_sent(self):
        server = self.server()
        workspace = self.workspace(server)
        plan = workspace.json(*workspace.arguments, "--dry-run")
        self.assertGreater(plan["tokens"], 100)
        self.assertGreater(plan["people"], 1)
        self.assertEqual(plan["decision"], "new")
        status, _, errors = run(workspace, *[word for word in workspace.arguments if word != "--yes"])
        self.assertEqual(status, 2)
        self.assertIn("nothing was sent", errors)
        self.assertRegex(errors, r"words of about \d+ people")
        self.assertEqual(server.state.calls, [])

    def test_commands_beside_it(self):
        server = self.server()
        workspace = self.workspace(server)
        job = workspace.json(*workspace.arguments)
        self.assertEqual(workspace.json("jobs")["jobs"][0]["id"], job["id"])
        where = ("--provider", "openai-compatible", "--base-url", server.url + "/v1")
        self.assertEqual(workspace.json("models", *where)["models"][0]["id"], "tiny-1")
        files = workspace.json("files", *where)["files"]
        self.assertEqual({file["status"] for file in files}, {"processed"})
        self.assertIn("messages", workspace.run("files", "get", files[0]["id"], *where)[0])
        workspace.run("files", "delete", files[0]["id"], *where)
        self.assertEqual(len(workspace.json("files", *where)["files"]), len(files) - 1)
        # The newest trained model with the system prompt of its training.
        answer = workspace.json("chat", *where, "--message", "Hi", "--temperature", 0)
        self.assertEqual(answer["content"], f"I am {job['fine_tuned_model']}. Привет!")
        self.assertEqual((answer["prompt_tokens"], answer["completion_tokens"]), (9, 4))
        self.assertEqual(server.state.chats[-1]["messages"][0]["role"], "system")
        both = workspace.run("chat", *where, "--message", "Hi", "--beside", "tiny-1")[0]
        self.assertIn("I am tiny-1. Привет!", both)
        # Without the provider's name nothing goes there.
        status, _, errors = run(workspace, "chat", "--model", job["fine_tuned_model"], "--message", "Hi")
        self.assertEqual(status, 2)
        self.assertIn("--provider openai-compatible", errors)

    def test_cancel_pause_resume_and_ctrl_c(self):
        server = self.server(steps=100_000)
        workspace = self.workspace(server)
        with subprocess.Popen([program.PROGRAM, *map(str, workspace.arguments), "--workspace", str(workspace.path), "--lang",
                               "en"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL) as process:
            while server.state.calls.count("jobs.events") < 3:
                time.sleep(0.02)
                self.assertIsNone(process.poll())
            process.send_signal(2)
            errors = process.communicate()[1]
        self.assertEqual(process.returncode, 130)
        (job,) = server.state.jobs
        self.assertIn(f"idiolect jobs follow {job}", errors)
        for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
            self.assertEqual(workspace.json("jobs", action, job)["status"], state)
        status, _, errors = run(workspace, "jobs", "follow", job)
        self.assertEqual(status, 1)
        self.assertIn("was cancelled", errors)
        server.state.steps = 1
        workspace.json(*workspace.arguments)  # a cancelled one gives way to a new one
        self.assertEqual(len(server.state.jobs), 2)
        self.assertEqual(server.state.calls.count("files.create"), 2)

    def test_a_server_that_keeps_no_metadata(self):
        server = self.server(keeps_metadata=False)
        server.state.fail("jobs.create", "cut after")
        workspace = self.workspace(server)
        workspace.json(*workspace.arguments)
        self.assertTrue(whole(server))

    def test_a_file_deleted_there_is_uploaded_again(self):
        server = self.server()
        workspace = self.workspace(server)
        workspace.json(*workspace.arguments)
        server.state.files.clear()
        workspace.json(*workspace.arguments, "--again")
        self.assertEqual(len([1 for file, _ in server.state.files.values() if file["purpose"] == "fine-tune"]), 2)


class Refusals(Base):
    def test_closed_by_date_names_the_date_and_what_is_open(self):
        server = self.server()
        workspace = self.workspace(server)
        with open(workspace.path / "providers.toml", "a", encoding="utf-8") as table:
            table.write('\n[[provider]]\nname = "openai"\njobs_until = 2026-01-05\n')
        status, _, errors = run(workspace, "finetune", "--provider", "openai", "--yes", "--base-url", server.url)
        self.assertEqual(status, 2)
        for words in ("takes no new fine-tuning jobs (last day 2026-01-05)", "from 2027-01-06", "local", "nebius", "vertex"):
            self.assertIn(words, errors)
        self.assertNotIn("gemini", errors.split("these train")[1])
        self.assertEqual(server.state.calls, [])

    def test_closed_by_the_server(self):
        server = self.server()
        server.state.closed = True
        workspace = self.workspace(server)
        status, _, errors = run(workspace, *workspace.arguments)
        self.assertEqual(status, 1)
        self.assertIn("does not take this fine-tuning job", errors)
        self.assertIn("these train: local", errors)
        self.assertEqual(len(server.state.jobs), 0)
        server.state.closed = False
        workspace.json(*workspace.arguments)
        self.assertTrue(whole(server))

    def test_a_model_that_was_shut_down(self):
        server = self.server()
        server.state.shutdown_date = "2026-01-14"
        workspace = self.workspace(server)
        status, _, errors = run(workspace, *workspace.arguments)
        self.assertEqual(status, 2)
        self.assertIn("2026-01-14", errors)
        self.assertNotIn("files.create", server.state.calls)

    def test_an_expired_key_is_in_no_word_and_no_file(self):
        for language, words in (("en", "the key was not accepted"), ("ru", "the key was not accepted")):
            server = self.server()
            server.state.expired = True
            workspace = self.workspace(server)
            status, out, errors = run(workspace, *workspace.arguments, language=language)
            self.assertEqual(status, 1)
            self.assertIn(words, errors)
            self.assertIn("IDIOLECT_API_KEY of", errors)
            for text in (out, errors, *(path.read_bytes().decode("utf-8", "replace") for path in workspace.path.rglob("*")
                                        if path.is_file() and path.name != ".env")):
                self.assertNotIn(KEY, text)
            self.assertEqual(len(server.state.files), 0)

    def test_the_log_holds_no_key_no_name_and_no_words(self):
        server = self.server()
        workspace = self.workspace(server)
        server.state.fail("jobs.create", "cut after")
        workspace.json(*workspace.arguments)
        log = "".join(path.read_text(encoding="utf-8") for path in (workspace.path / "logs").iterdir())
        self.assertIn("hosted job", log)
        self.assertNotIn(KEY, log)
        for (name,) in workspace.rows("SELECT name FROM person_names"):
            self.assertNotIn(name, log)
        for (text,) in workspace.rows("SELECT text FROM messages WHERE length(text) > 12"):
            self.assertNotIn(text, log)

    def test_a_key_that_others_can_read_is_warned_about(self):
        server = self.server()
        workspace = self.workspace(server)
        (workspace.path / ".env").chmod(0o644)
        self.assertIn("can be read by others", run(workspace, *workspace.arguments)[2])

    def test_without_a_key_the_way_to_give_one_is_told(self):
        workspace = self.workspace(self.server())
        status, _, errors = run(workspace, "models", "--provider", "nebius")
        self.assertEqual(status, 2)
        self.assertIn("NEBIUS_API_KEY=", errors)

    def test_a_proxy_is_used_but_not_for_this_machine(self):
        seen = []
        with socket.socket() as proxy:
            proxy.bind(("127.0.0.1", 0))
            proxy.listen()

            def answer():
                while True:
                    try:
                        connection, _ = proxy.accept()
                    except OSError:
                        return
                    with connection:
                        seen.append(connection.recv(4096).split(b"\r\n")[0])
                        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
            environment = {"https_proxy": address, "http_proxy": address, "no_proxy": ""}
            server = self.server()
            workspace = self.workspace(server)
            status, _, errors = run(workspace, "models", "--provider", "openai-compatible", "--base-url",
                                    "https://models.invalid/v1", environment=environment)
            self.assertEqual(status, 1, errors)
            self.assertEqual(set(seen), {b"CONNECT models.invalid:443 HTTP/1.1"})
            self.assertIn("https_proxy", errors)
            seen.clear()
            self.assertEqual(run(workspace, "models", "--provider", "openai-compatible", "--base-url", server.url + "/v1",
                                 environment=environment)[0], 0)
            self.assertEqual(seen, [])
            proxy.shutdown(socket.SHUT_RDWR)
        thread.join()

    def test_plain_http_is_for_this_machine_only(self):
        workspace = self.workspace(self.server())
        status, _, errors = run(workspace, *FINETUNE, "--base-url", "http://192.0.2.1/v1")
        self.assertEqual(status, 2)
        self.assertIn("https://", errors)


class Faults(Base):
    def one(self, call, fault, times):
        """One run with a fault at a call, then runs until it is done; says what was wrong, or nothing."""
        server = Server(State())
        try:
            parts = call in PART_CALLS
            workspace = self.workspace(server, parts_above=1 if parts else 0)
            server.state.fail(call, fault, times)
            for tried in range(9):
                status, out, errors = run(workspace, *workspace.arguments, "--json")
                state = server.state
                names = [file["filename"] for file, _ in state.files.values() if file["purpose"] == "fine-tune"]
                if len(names) != len(set(names)) or len(state.jobs) > 1:
                    return f"{call} × {fault} × {times}: {len(state.jobs)} jobs, files {names} after run {tried + 1}\n{errors}"
                if status == 0:
                    break
                if "error: " not in errors or KEY in errors:
                    return f"{call} × {fault} × {times}: status {status} with the words {errors}"
            if status != 0 or not whole(server):
                return f"{call} × {fault} × {times}: not done after nine runs: {errors}"
            if json.loads(out)["status"] != "succeeded":
                return f"{call} × {fault} × {times}: {out}"
            if any(row[2] == times for row in state.faults):
                return f"{call} × {fault}: the call was never made"
            return None
        finally:
            server.close()

    def test_every_call_with_every_fault(self):
        # Once: mended within the run. Six times: more than the tries, so that runs fail and go on.
        stories = [(call, fault, times) for call in (*CALLS, *PART_CALLS) for fault in FAULTS for times in (1, 6)
                   if not (times == 6 and fault == "slow body")]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            wrong = [words for words in pool.map(lambda story: self.one(*story), stories) if words]
        self.assertEqual(wrong, [], "\n".join(wrong))


class Killed(Base):
    KILLS = int(os.environ.get("IDIOLECT_KILLS", "100"))

    def test_killed_at_random_moments(self):
        dice = random.Random(11)
        server = self.server()
        server.state.delay = 0.02  # so that a kill falls between asking and acting, too
        killed = story = 0
        while killed < self.KILLS:
            workspace = self.workspace(server, parts_above=story % 2)
            command = [*workspace.arguments, "--suffix", f"s{story}"]
            story += 1
            server.state.files.clear()
            server.state.jobs.clear()
            for _ in range(8):
                if not workspace.kill_after(dice.uniform(0.0, 1.2), *command):
                    break
                killed += 1
            workspace.json(*command)
            self.assertTrue(whole(server), (story, killed, list(server.state.jobs), server.state.calls[-60:]))
        self.assertGreaterEqual(killed, self.KILLS)


if __name__ == "__main__":
    program.main()
