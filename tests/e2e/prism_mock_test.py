#!/usr/bin/env python3
"""Our client against a mock that prism makes of OpenAI's own description of its API and that refuses every request which
breaks it. PRISM is the program (npm @stoplight/prism-cli, which tests/sdk/setup fetches), OPENAI_SPEC the description;
skipped where that is not there."""

import http.client
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import hosted_test
import program
from hosted_test import Base, run
from program import ROOT

SPEC = Path(os.environ.get("OPENAI_SPEC", ROOT.parent / "shared/reference/openai-openapi.yaml"))
PRISM = os.environ.get("PRISM") or shutil.which("prism")
PORT = os.environ.get("PRISM_PORT")  # of a mock that runs already: starting one takes minutes on a busy machine


class Recorder(http.server.BaseHTTPRequestHandler):
    """Hands every request on to the mock and keeps what became of it. Jobs and uploads of the description's
    examples never end: here they have when they are looked at."""

    protocol_version = "HTTP/1.1"
    port = None
    seen = []

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mock = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        # prism cannot serve a stream of events: without Accept it gives the whole answer, which the client takes, too.
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection", "accept")}
        mock.request(self.command, self.path.removeprefix("/v1"), body, headers)
        answer = mock.getresponse()
        data = answer.read()
        mock.close()
        self.seen.append((self.command, self.path, answer.status, answer.getheader("sl-violations"), data[:300]))
        if self.command == "GET" and self.path.startswith("/v1/fine_tuning/jobs/") and self.path.count("/") == 4:
            job = json.loads(data)
            job.update(status="succeeded", fine_tuned_model="ft:gpt-4o-mini:org:x:1", id=self.path.split("/")[4])
            data = json.dumps(job).encode()
        if self.command == "GET" and self.path.startswith("/v1/models/"):
            data = json.dumps({**json.loads(data), "shutdown_date": None}).encode()  # the example's is long past
        if self.path.endswith("/complete") and answer.status == 200:
            file = {"id": "file-1", "object": "file", "status": "processed"}
            data = json.dumps({**json.loads(data), "status": "completed", "file": file}).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = handle_any


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Mock(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Recorder.port = int(PORT) if PORT else free_port()
        if not PORT:
            cls.log = tempfile.TemporaryFile()
            cls.prism = subprocess.Popen([PRISM, "mock", "-p", str(Recorder.port), str(SPEC)], stdout=cls.log, stderr=cls.log)
            cls.addClassCleanup(cls.prism.wait)
            cls.addClassCleanup(cls.prism.terminate)
        end = time.monotonic() + 300  # the description is 3 MB
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", Recorder.port), 1).close()
                break
            except OSError:
                time.sleep(0.5)
        cls.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        threading.Thread(target=cls.http.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.http.shutdown)
        cls.url = f"http://127.0.0.1:{cls.http.server_address[1]}"

    def test_every_request_is_one_that_the_description_allows(self):
        where = ("--provider", "openai-compatible", "--base-url", self.url + "/v1")
        for parts in (0, 1):
            workspace = self.workspace(self, parts)
            table = workspace.path / "providers.toml"
            table.write_text(table.read_text(encoding="utf-8").replace("timeout_s = 2", "timeout_s = 60").replace(
                "parts_above", 'max_tokens_field = "max_completion_tokens"\nparts_above'), encoding="utf-8")
            words = run(workspace, *workspace.arguments, "--suffix", "maya", "--seed", 3, "--epochs", 2, "--batch-size", 4,
                "--learning-rate-multiplier", 0.5)
            for command in (("models", *where), ("files", *where), ("files", "get", "file-abc123", *where),
                            ("files", "delete", "file-abc123", *where),
                            ("chat", *where, "--model", "gpt-4o-mini", "--message", "Hi")):
                run(workspace, *command)
            ids = [row[0] for row in workspace.rows("SELECT job_id FROM hosted_runs WHERE job_id <> ''")]
            self.assertEqual(len(ids), 1, words)
            for action in ("cancel", "pause", "resume"):
                run(workspace, "jobs", action, ids[0])
        broken = [row for row in Recorder.seen if row[2] >= 400 or row[3]]
        self.assertEqual(broken, [])
        calls = {(method, path.split("?")[0].split("/")[2], path.split("?")[0].rsplit("/", 1)[1])
                 for method, path, *_ in Recorder.seen}
        for wanted in (("POST", "files", "files"), ("GET", "files", "files"), ("GET", "files", "content"),
                       ("DELETE", "files", "file-abc123"), ("POST", "uploads", "uploads"), ("POST", "uploads", "parts"),
                       ("POST", "uploads", "complete"), ("POST", "fine_tuning", "jobs"), ("GET", "fine_tuning", "events"),
                       ("POST", "fine_tuning", "cancel"), ("POST", "fine_tuning", "pause"), ("POST", "fine_tuning", "resume"),
                       ("GET", "models", "models"), ("POST", "chat", "completions")):
            self.assertIn(wanted, calls)


if __name__ == "__main__":
    if not SPEC.exists():
        print(f"skipped: OpenAI's description of its API is not at {SPEC}; name it with OPENAI_SPEC")
        raise SystemExit(77)
    if not PORT and (not PRISM or not Path(PRISM).exists()):
        raise SystemExit("prism is missing; run: tests/sdk/setup build/sdk, or set PRISM to its program")
    program.main()
