"""idiolect serve as the tests from outside drive it: started in a workspace of its own on a free port, ended with it;
requests with nothing but the standard library. Each test file is called as NAME_test.py PROGRAM."""

import http.client
import json
import os
import signal
import subprocess
import tempfile
import time

import program
from program import Workspace

BASE = "smollm2-135m-instruct"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.bytes = response.read()

    @property
    def json(self):
        return json.loads(self.bytes)


class Server:
    """A running server; end() or the end of a `with` block ends it."""

    def __init__(self, *options, workspace=None, environment=None):
        self.workspace = workspace or Workspace()
        self.options = options
        self.environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self, port=0):
        self.errors = tempfile.TemporaryFile("w+")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [program.PROGRAM, "--workspace", str(self.workspace.path), "--lang", "en", "--json", "serve", "--port",
             str(port), *map(str, self.options)],
            stdout=subprocess.PIPE, stderr=self.errors, stdin=subprocess.DEVNULL, text=True, env=self.environment)
        line = self.process.stdout.readline()
        if not line:
            words = self.words()
            self.end()
            raise AssertionError(f"idiolect serve did not start: {words}")
        self.address = json.loads(line)["address"]
        self.port = int(self.address.rsplit(":", 1)[1])

    def words(self):
        self.errors.seek(0)
        return self.errors.read()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=90)
        self.process.stdout.close()
        self.errors.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body, headers or {})
        try:
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, {} if body is None else body, **more)

    def upload(self, content, filename="train.jsonl", purpose="fine-tune", fields=()):
        body, kind = form([("purpose", purpose), *fields], {"file": (filename, content)})
        return self.request("POST", "/v1/files", body, {"Content-Type": kind})

    def follow(self, job, until=("succeeded", "failed", "cancelled"), seconds=1200):
        """Asks for the job until its status is one of these."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.get(f"/v1/fine_tuning/jobs/{job}").json
            if found["status"] in until:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{job} is still {found['status']}\n{self.words()}")


def form(fields, files):
    """A multipart form: its bytes and its content type."""
    mark = "x7MA4YWxkTrZu0gW"
    out = b""
    for name, value in fields:
        out += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for name, (filename, content) in files.items():
        out += (f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n").encode() + content + b"\r\n"
    return out + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def training_file(lines=12, answer="aye aye, captain number {}"):
    """Chat lines as OpenAI wants them; short, so that a step takes a moment."""
    return "".join(json.dumps({"messages": [{"role": "system", "content": "You are Bob the sailor."},
                                            {"role": "user", "content": f"ship {number}?"},
                                            {"role": "assistant", "content": answer.format(number)}]}) + "\n"
                   for number in range(lines)).encode()


def events_of(answer):
    """The data of a stream's events, the last of which is [DONE]."""
    lines = answer.bytes.decode().split("\n\n")
    data = [line.removeprefix("data: ") for line in lines if line]
    assert data[-1] == "[DONE]", data[-1]
    return [json.loads(entry) for entry in data[:-1]]
