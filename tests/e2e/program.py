"""The built program as the end-to-end tests drive it: runs it in a workspace of its own, reads its JSON, ends it
without warning. Each test file is called as NAME_test.py PROGRAM."""

import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import weakref
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = None  # set by main()


class Workspace:
    """A folder that the program works in; gone with the object."""

    def __init__(self):
        folder = tempfile.mkdtemp(prefix="idiolect-e2e-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = Path(folder, "workspace")

    def _command(self, arguments):
        language = [] if "--lang" in arguments else ["--lang", "en"]
        return [PROGRAM, *map(str, arguments), "--workspace", str(self.path), *language]

    def run(self, *arguments, status=0):
        """Runs a command to its end; returns what it wrote to stdout and stderr."""
        done = subprocess.run(self._command(arguments), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False)
        if done.returncode != status:
            raise AssertionError(f"idiolect {' '.join(map(str, arguments))}: exit status {done.returncode} instead "
                                 f"of {status}\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json")[0])

    def kill_after(self, seconds, *arguments):
        """Starts a command and ends it with SIGKILL after so long; True if it was still running then."""
        with subprocess.Popen(self._command(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL) as process:
            try:
                process.wait(timeout=seconds)
                return False
            except subprocess.TimeoutExpired:
                process.kill()
                return True

    def kill_when(self, due, pause, *arguments):
        """Starts a command and ends it with SIGKILL `pause` seconds after due() turned true; False if it ended before."""
        with subprocess.Popen(self._command(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL) as process:
            while not due():
                if process.poll() is not None:
                    return False
                time.sleep(0.02)
            time.sleep(pause)
            ended = process.poll() is not None
            process.kill()
            return not ended

    def rows(self, query):
        database = sqlite3.connect(f"file:{self.path / 'workspace.db'}?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def digest(self, query):
        return hashlib.sha256(repr(self.rows(query)).encode()).hexdigest()


def file_digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def words_of_export(path):
    """What no log may hold of an export: names whole and in parts, and texts that could not stand there by chance."""
    words = set()

    def flat(text):
        return text if isinstance(text, str) else "".join(map(flat, text)) if isinstance(text, list) else text["text"]

    export = json.loads(Path(path).read_text(encoding="utf-8"))
    for chat in [export, *export.get("chats", {}).get("list", [])]:
        for message in chat.get("messages", []):
            for line in flat(message.get("text", "")).splitlines():
                words.update(part.strip() for part in (line, *re.split(r"[.!?…] ", line)))
            name = message.get("from") or message.get("actor") or ""
            words.update((name, *name.split()))
        words.add(chat.get("name") or "")
    return {word for word in words if len(word) >= 12 or (len(word) >= 4 and word.istitle())}


def check_log(workspace, secrets):
    """The workspace's log, after a look that nothing of what must not be in it is there."""
    text = "".join(log.read_text(encoding="utf-8") for log in sorted((workspace.path / "logs").glob("*.log")))
    for secret in secrets:
        if secret in text:
            raise AssertionError(f"the log holds {secret!r}")
    return text


def write_export(path, messages, seed=1):
    """A Telegram export of one group in which six people talk in turns, about 200 bytes a message."""
    dice = random.Random(seed)
    people = [("Ann", 101), ("Bob", 102), ("Cid", 103), ("Dora", 104), ("Egon", 105), ("Fay", 106)]
    words = "well we could meet at the old mill after rain and bring bread soup or honest songs maybe twice".split()
    when = 1_700_000_000
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"name": "Mill", "type": "private_supergroup", "id": 900001, "messages": [\n')
        for number in range(1, messages + 1):
            name, person = dice.choice(people)
            when += dice.choice((5, 20, 60, 300, 40_000))
            text = " ".join(dice.choice(words) for _ in range(dice.randint(4, 14))) + f" {number}"
            message = {"id": number, "type": "message",
                       "date": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when)), "date_unixtime": str(when),
                       "from": name, "from_id": f"user{person}", "text": text,
                       "text_entities": [{"type": "plain", "text": text}]}
            if number > 3 and dice.random() < 0.3:
                message["reply_to_message_id"] = number - dice.randint(1, 3)
            out.write(json.dumps(message) + (",\n" if number < messages else "\n"))
        out.write("]}\n")


def need_model(name):
    """Ends the test file as failed when the base model is not on this machine."""
    models = json.loads(subprocess.run([PROGRAM, "models", "--json"], capture_output=True, text=True, check=True).stdout)
    if not any(model["name"] == name and model["state"] == "ready" for model in models["models"]):
        sys.exit(f"{name} is not on this machine; run: scripts/setup --models {name}")


def main(*models):
    global PROGRAM
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PROGRAM [TEST…]")
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    for model in models:
        need_model(model)
    unittest.main(verbosity=2)
