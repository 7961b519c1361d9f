#!/usr/bin/env python3
"""The official clients, unchanged, against idiolect serve, straight and through a proxy that checks every request and
answer against OpenAI's own description of the API. Called as sdk_test.py PROGRAM FOLDER SPEC: FOLDER is what
tests/sdk/setup made, SPEC is openai-openapi.yaml; without a SPEC that exists the proxied half fails."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import program  # noqa: E402  pylint: disable=wrong-import-position
from server import BASE, Server, training_file  # noqa: E402  pylint: disable=wrong-import-position

FOLDER = SPEC = None  # set at the bottom

# Where OpenAI's file and OpenAI's service differ, or the file contradicts itself. Each is a place in a violation that
# the proxy may report, and why that is not ours.
# Not listed: /files/{id}/content, which the file describes as a JSON string and OpenAI sends as bytes; the clients ask
# the server itself for it.
EXEMPT = (
    (r"enum.*validating_files", "a paused job: the file's own example of /pause says \"paused\", its enum does not"),
)


class Proxy:
    """prism proxy --errors before a server: an answer that breaks the description becomes a 500."""

    def __init__(self, upstream):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = tempfile.TemporaryFile("w+")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["node", str(FOLDER / "node/node_modules/.bin/prism"), "proxy", "--errors", "--host", "127.0.0.1", "--port",
             str(self.port), str(SPEC), upstream], stdout=self.log, stderr=subprocess.STDOUT)
        end = time.monotonic() + 600
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise AssertionError(f"prism did not start: {self.text()}") from None
                time.sleep(0.2)

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Clients(unittest.TestCase):
    def setUp(self):
        self.server = Server("--threads", 2)
        self.addCleanup(self.server.end)
        self.file = tempfile.NamedTemporaryFile(suffix=".jsonl")  # pylint: disable=consider-using-with
        self.addCleanup(self.file.close)
        self.file.write(training_file(16))
        self.file.flush()

    def run_client(self, command, base_url, folder=None):
        done = subprocess.run([*command, base_url, BASE, self.file.name, self.server.address + "/v1"], capture_output=True, text=True, cwd=folder,
                              timeout=500, check=False,
                              env={name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")})
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}\n{self.server.words()}")
        self.assertTrue(done.stdout.endswith("all well\n"), done.stdout)

    def python(self, base_url):
        self.run_client([str(FOLDER / "env/bin/python"), str(HERE / "python_client.py")], base_url)

    def node(self, base_url):
        self.run_client(["node", str(HERE / "node_client.mjs")], base_url, FOLDER / "node")

    def test_python(self):
        self.python(self.server.address + "/v1")

    def test_node(self):
        self.node(self.server.address + "/v1")


class Described(Clients):
    """The same through the proxy."""

    def setUp(self):
        super().setUp()
        self.proxy = Proxy(self.server.address + "/v1")
        self.addCleanup(self.proxy.end)

    def through(self, client):
        try:
            client(f"http://127.0.0.1:{self.proxy.port}")
        finally:
            found = [line for line in self.proxy.text().splitlines() if re.search(r"violation|✖", line, re.I)]
            ours = [line for line in found if not any(re.search(place, line) for place, _ in EXEMPT)]
        self.assertEqual(ours, [])

    def test_python(self):
        self.through(self.python)

    def test_node(self):
        self.through(self.node)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(f"usage: {sys.argv[0]} PROGRAM FOLDER SPEC [TEST…]")
    FOLDER = Path(sys.argv.pop(2)).resolve()
    SPEC = Path(sys.argv.pop(2)).resolve()
    if not (FOLDER / "env/bin/python").exists():
        sys.exit(f"{FOLDER} holds no clients; run: tests/sdk/setup {FOLDER}")
    program.main(BASE)
