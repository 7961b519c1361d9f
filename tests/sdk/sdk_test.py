#!/usr/bin/env python3
"""The official clients, unchanged, against idiolect serve, straight and through a proxy that checks every request and
answer against OpenAI's own description of the API. Called as sdk_test.py PROGRAM FOLDER SPEC Clients|Described: FOLDER
is what tests/sdk/setup made, SPEC is openai-openapi.yaml; where it is not there the second half is skipped."""

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

# Where OpenAI's file and OpenAI's service differ, or the file contradicts itself: lines of the proxy's log that are no
# fault of ours, and why.
EXEMPT = (
    (r"Unable to match the returned status code", "the file names no error status for any of these calls; the bodies of "
                                                  "errors are held against its ErrorResponse in described.py"),
)
# What the clients ask of the server itself (`direct` in them), and why:
# - streamed answers: the proxy waits for the end of an answer and cannot read events. described.py holds every event
#   against the file's schemas instead.
# - Node's upload, whose length is not known beforehand: the proxy passes it on with both a length and
#   "Transfer-Encoding: chunked", which the server refuses as every server must. Python's upload goes through.
# - /files/{id}/content: the file describes a JSON string where OpenAI sends the file's bytes.
# - a job while it is paused: the file's own example of /pause says "paused", its list of statuses does not.
# - a request with a foreign Origin: the proxy answers browsers itself.


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
        self.process.wait(timeout=120)
        self.log.close()


class Clients(unittest.TestCase):
    def setUp(self):
        self.server = Server("--threads", 2)
        self.addCleanup(self.server.end)
        self.file = tempfile.NamedTemporaryFile(suffix=".jsonl")  # pylint: disable=consider-using-with
        self.addCleanup(self.file.close)
        self.file.write(training_file(16))
        self.file.flush()

    def run_client(self, command, base_url, folder=None):
        done = subprocess.run([*command, base_url, BASE, self.file.name, self.server.address + "/v1"],
                              capture_output=True, text=True, cwd=folder, timeout=1500, check=False,
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
            said = self.proxy.text().splitlines()
            found = [line for line in said if re.search(r"violation|✖", line, re.I)]
            ours = [line for line in found if not any(re.search(place, line) for place, _ in EXEMPT)]
        self.assertEqual(ours, [])
        # It did look: it saw calls, and it says what is wrong where something is.
        calls = {line.rsplit("call to ", 1)[1].split()[0] for line in said if "The upstream call to " in line}
        self.assertGreater(len(calls), 6, calls)
        self.assertNotEqual(found, [])

    def test_python(self):
        self.through(self.python)

    def test_node(self):
        self.through(self.node)

    def test_what_the_proxy_cannot_pass_on(self):
        done = subprocess.run([str(FOLDER / "env/bin/python"), str(HERE / "described.py"), self.server.address, BASE, str(SPEC)],
                              capture_output=True, text=True, timeout=500, check=False)
        self.assertTrue(done.returncode == 0 and done.stdout.endswith("all well\n"), done.stdout + done.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(f"usage: {sys.argv[0]} PROGRAM FOLDER SPEC [TEST…]")
    FOLDER = Path(sys.argv.pop(2)).resolve()
    SPEC = Path(sys.argv.pop(2)).resolve()
    if not (FOLDER / "env/bin/python").exists():
        sys.exit(f"{FOLDER} holds no clients; run: tests/sdk/setup {FOLDER}")
    if "Described" in sys.argv and not SPEC.exists():
        print(f"skipped: OpenAI's description of its API is not at {SPEC}; name it with cmake -DIDIOLECT_OPENAPI=FILE")
        sys.exit(77)
    program.main(BASE)
