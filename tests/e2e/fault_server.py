"""A server of OpenAI's files and fine-tuning API for tests, in two shapes (OpenAI's, Together's), which fails on order:
before or after it has acted, with words or without. What it keeps is what a test counts afterwards."""

import http.server
import json
import re
import socket
import sys
import threading
import time
from urllib.parse import parse_qs, unquote, urlparse

# What a fault does with the one request it is meant for.
FAULTS = ("429", "429 retry-after", "500", "503", "500 after", "cut before", "cut after", "slow body", "truncated", "wrong json",
          "no json")


def error(message, code=None, kind="invalid_request_error"):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def multipart(body, content_type):
    """The parts of a form as {name: (filename, bytes)}."""
    boundary = b"--" + re.search("boundary=([^;]+)", content_type).group(1).encode()
    parts = {}
    for piece in body.split(boundary)[1:-1]:
        head, content = piece[2:].split(b"\r\n\r\n", 1)
        name = re.search(rb'name="([^"]*)"', head).group(1).decode()
        filename = re.search(rb'filename="([^"]*)"', head)
        parts[name] = (filename.group(1).decode() if filename else None, content[:-2])
    return parts


class State:
    """The server's memory. `fault` = (call, name): the next request of that call fails so, once (or `times`)."""

    def __init__(self, key="sk-test-0123456789abcdef", steps=3, keeps_metadata=True):
        self.lock = threading.RLock()
        self.key, self.steps, self.keeps_metadata = key, steps, keeps_metadata
        self.files, self.uploads, self.jobs, self.calls, self.chats = {}, {}, {}, [], []
        self.bodies = []
        self.faults = []  # [call, fault, times left]
        self.closed = self.expired = False
        self.delay = 0.0  # before acting
        self.number = 0
        self.shutdown_date = None

    def fail(self, call, fault, times=1):
        with self.lock:
            self.faults.append([call, fault, times])

    def due(self, call):
        with self.lock:
            for row in self.faults:
                if row[0] == call and row[2] > 0:
                    row[2] -= 1
                    return row[1]
        return None

    def new_id(self, prefix):
        self.number += 1
        return f"{prefix}{self.number:06d}"

    # ---- what it can do; each gives (status, JSON or bytes) ----

    def add_file(self, name, purpose, content):
        file = {"id": self.new_id("file-"), "object": "file", "bytes": len(content), "created_at": int(time.time()),
                "filename": name, "purpose": purpose, "status": "processed"}
        self.files[file["id"]] = (file, content)
        return file

    def job_now(self, job):
        """A job goes one step further each time it is looked at."""
        if job["status"] in ("succeeded", "failed", "cancelled", "paused"):
            return job
        stage = job["_looked"] = job["_looked"] + 1
        now = int(time.time())
        if stage == 1:
            job["status"] = "running"
        elif stage - 1 <= self.steps:
            step = stage - 1
            job["_events"].append({"object": "fine_tuning.job.event", "id": self.new_id("ftevent-"), "created_at": now,
                                   "level": "info", "message": f"Step {step}/{self.steps}: training loss={3 / step:.2f}",
                                   "type": "metrics", "data": {"step": step, "train_loss": 3 / step, "valid_loss": 3.2 / step,
                                                               "total_steps": self.steps}})
        else:
            import base64
            table = "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n"
            table += "".join(f"{step},{3 / step:.3f},0.5,,\n" for step in range(1, self.steps + 1))
            result = self.add_file("step_metrics.csv", "fine-tune-results", base64.b64encode(table.encode()))
            job.update(status="succeeded", finished_at=now, result_files=[result["id"]], trained_tokens=1234,
                       fine_tuned_model=f"ft:{job['model']}:org:{job.get('user_provided_suffix') or ''}:{job['id'][-6:]}")
            job["_events"].append({"object": "fine_tuning.job.event", "id": self.new_id("ftevent-"), "created_at": now,
                                   "level": "info", "message": "The job has successfully completed", "type": "message"})
        return job

    def create_job(self, body):
        training = self.files.get(body.get("training_file"))
        if training is None or training[0]["purpose"] != "fine-tune":
            return 400, error("invalid training_file", "file_not_found")
        if self.closed:
            return 403, error("Fine-tuning is no longer available to this organization.", "model_not_available")
        job = {"id": self.new_id("ftjob-"), "object": "fine_tuning.job", "created_at": int(time.time()), "finished_at": None,
               "model": body["model"], "fine_tuned_model": None, "organization_id": "org-1", "status": "validating_files",
               "hyperparameters": {"n_epochs": "auto"}, "training_file": body["training_file"],
               "validation_file": body.get("validation_file"), "result_files": [], "trained_tokens": None, "error": None,
               "seed": body.get("seed", 7), "method": body.get("method"), "user_provided_suffix": body.get("suffix"),
               "_looked": 0, "_events": []}
        if self.keeps_metadata:
            job["metadata"] = body.get("metadata")
        self.jobs[job["id"]] = job
        return 200, job

    def act(self, call, method, path, query, body, headers):
        if call == "files.list":
            rows = [file for file, _ in self.files.values() if file["purpose"] == query.get("purpose", [file["purpose"]])[0]]
            return 200, self.page(rows[::-1], query)
        if call == "files.create":
            form = multipart(body, headers["Content-Type"])
            return 200, self.add_file(form["file"][0], form["purpose"][1].decode(), form["file"][1])
        if call.startswith("files."):
            file = self.files.get(path[-1] if call != "files.content" else path[-2])
            if file is None:
                return 404, error("No such File object", None)
            if call == "files.content":
                return 200, file[1]
            if call == "files.delete":
                del self.files[path[-1]]
                return 200, {"id": path[-1], "object": "file", "deleted": True}
            return 200, file[0]
        if call == "uploads.create":
            wanted = json.loads(body)
            upload = {"id": self.new_id("upload_"), "object": "upload", "status": "pending", "created_at": int(time.time()),
                      "expires_at": int(time.time()) + 3600, **wanted}
            self.uploads[upload["id"]] = (upload, {})
            return 200, upload
        if call.startswith("uploads."):
            upload, parts = self.uploads.get(path[1], (None, None))
            if upload is None or upload["status"] != "pending":
                return 404, error("No such upload")
            if call == "uploads.part":
                part = {"id": self.new_id("part_"), "object": "upload.part", "created_at": 1, "upload_id": upload["id"]}
                parts[part["id"]] = multipart(body, headers["Content-Type"])["data"][1]
                return 200, part
            content = b"".join(parts[part] for part in json.loads(body)["part_ids"])
            if len(content) != upload["bytes"]:
                return 400, error("the parts do not add up")
            upload["status"] = "completed"
            return 200, {**upload, "file": self.add_file(upload["filename"], upload["purpose"], content)}
        if call == "jobs.list":
            return 200, self.page([self.shown(job) for job in list(self.jobs.values())[::-1]], query)
        if call == "jobs.create":
            status, job = self.create_job(json.loads(body))
            return status, self.shown(job) if status == 200 else job
        if call.startswith("jobs."):
            job = self.jobs.get(path[2])
            if job is None:
                return 404, error("No such job")
            if call == "jobs.get":
                return 200, self.shown(self.job_now(job))
            if call == "jobs.events":
                return 200, self.page(job["_events"][::-1], query)
            job["status"] = {"cancel": "cancelled", "pause": "paused", "resume": "running"}[path[3]]
            return 200, self.shown(job)
        if call == "models.list":
            return 200, {"object": "list", "data": [self.model("tiny-1")]}
        if call == "models.get":
            return 200, self.model(unquote(path[1]))
        return 404, error(f"unknown {method} /{'/'.join(path)}")

    def model(self, name):
        return {"id": name, "object": "model", "created": 1, "owned_by": "test", "shutdown_date": self.shutdown_date}

    @staticmethod
    def shown(job):
        return {name: value for name, value in job.items() if not name.startswith("_")}

    @staticmethod
    def page(rows, query):
        limit = min(int(query.get("limit", ["20"])[0]), 7)  # small pages, so that paging is always tested
        start = 0
        if "after" in query:
            start = next((i + 1 for i, row in enumerate(rows) if row["id"] == query["after"][0]), 0)
        page = rows[start:start + limit]
        return {"object": "list", "data": page, "has_more": start + limit < len(rows),
                "first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}


def call_of(method, path):
    """The API's call by its usual name."""
    if path[:1] == ["files"]:
        if len(path) == 1:
            return "files.list" if method == "GET" else "files.create"
        if path[-1] == "content":
            return "files.content"
        return "files.get" if method == "GET" else "files.delete"
    if path[:1] == ["uploads"]:
        return {1: "uploads.create"}.get(len(path), "uploads.part" if path[-1] == "parts" else "uploads.complete")
    if path[:2] == ["fine_tuning", "jobs"]:
        if len(path) == 2:
            return "jobs.list" if method == "GET" else "jobs.create"
        return "jobs.get" if len(path) == 3 else f"jobs.{path[3]}"
    if path[:1] == ["models"]:
        return "models.list" if len(path) == 1 else "models.get"
    return ".".join(path)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def handle_any(self):
        url = urlparse(self.path)
        path = [unquote(part) for part in url.path.removeprefix("/v1").strip("/").split("/")]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if len(body) < int(self.headers.get("Content-Length") or 0):
            return self.cut()  # the client is gone
        call = call_of(self.command, path)
        state = self.state
        with state.lock:
            state.calls.append(call)
            state.bodies.append((call, body))
        if state.expired or self.headers.get("Authorization") != f"Bearer {state.key}":
            sent = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            return self.answer(401, error(f"Incorrect API key provided: {sent}. It has expired.", "invalid_api_key"))
        fault = state.due(call)
        if fault == "cut before":
            return self.cut()
        if fault in ("429", "429 retry-after"):
            more = [("Retry-After", "1")] if fault != "429" else []
            return self.answer(429, error("Rate limit reached", "rate_limit_exceeded", "requests"), more)
        if fault in ("500", "503"):
            return self.answer(int(fault), error("The server had an error", None, "server_error"))
        time.sleep(state.delay)
        if call == "chat.completions":
            return self.chat(json.loads(body), fault)
        with state.lock:
            status, value = state.act(call, self.command, path, parse_qs(url.query), body, self.headers)
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        if fault == "500 after":
            return self.answer(500, error("The server had an error", None, "server_error"))
        if fault == "cut after":
            return self.cut()
        if fault == "truncated":
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.wfile.flush()
            return self.cut()
        if fault == "wrong json":
            return self.answer(status, {"id": 5, "data": {"no": "list"}, "status": ["?"]})
        if fault == "no json":
            return self.answer(status, b"<html>gateway</html>")
        if fault == "slow body":
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                for byte in data[:40]:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.2)
            except OSError:
                pass
            return self.cut()
        return self.answer(status, value)

    def chat(self, wanted, fault):
        with self.state.lock:
            self.state.chats.append(wanted)
        words = [f"I am {wanted['model']}.", " Привет", "!"]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def send(text):
            data = text.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

        def chunk(delta, finish=None):
            return "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1,
                                          "model": wanted["model"], "obfuscation": "xyz",
                                          "choices": [{"index": 0, "delta": delta, "logprobs": None,
                                                       "finish_reason": finish}]}) + "\r\n\r\n"
        send(": ping\r\n\r\n" + chunk({"role": "assistant", "content": ""}))
        for number, word in enumerate(words):
            if fault in ("cut after", "truncated") and number == 1:
                return self.cut()
            if fault == "wrong json" and number == 1:
                send("data: " + json.dumps(error("overloaded", "overloaded", "server_error")) + "\n\n")
                return self.cut()
            send(chunk({"content": word}))
        send(chunk({}, "stop"))
        send('data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}\n\n')
        send("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Quiet(http.server.ThreadingHTTPServer):
    """Killed clients and cut connections are what this server is for: no word about them."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Server:
    """Runs in a thread until closed."""

    def __init__(self, state=None, handler=Handler):
        self.state = state or State()
        bound = type("Bound", (handler,), {"state": self.state})
        self.http = Quiet(("127.0.0.1", 0), bound)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def close(self):
        self.http.shutdown()
        self.http.server_close()
