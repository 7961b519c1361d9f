#!/usr/bin/env python3
"""The flows of Azure, Nebius, Together, Gemini and Vertex AI against fakes in the shapes that their documentation and
clients show. The real services were not reached: nobody here has keys to them."""

import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, unquote, urlparse

import fault_server
import hosted_test
import program
from fault_server import Handler, Server, State, error, multipart
from hosted_test import Base, run

KEY = "test-key-0123456789"


class Recorded(Handler):
    """Records every request with its headers; checks the key by the provider's own header."""

    key_header, key_value = "Authorization", f"Bearer {KEY}"

    def read(self):
        url = urlparse(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.state.bodies.append((f"{self.command} {url.path}", body))
        self.state.requests.append((self.command, self.path, dict(self.headers), body))
        return [unquote(part) for part in url.path.strip("/").split("/")], parse_qs(url.query), body


class Azure(Handler):
    """OpenAI's shape, but `api-key:`."""

    def handle_any(self):
        if self.headers.get("api-key") != KEY or "Authorization" in self.headers:
            return self.answer(401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}})
        self.headers["Authorization"] = f"Bearer {self.state.key}"
        return super().handle_any()

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Together(Recorded):
    """/files/upload and /fine-tunes, capitalised file fields, ISO times, words of its own for states."""

    def file(self, file):
        return {"id": file["id"], "object": "file", "created_at": file["created_at"], "filename": file["filename"],
                "bytes": file["bytes"], "purpose": "fine-tune", "FileType": "jsonl", "LineCount": 0, "Processed": True}

    def job(self, job):
        job["_looked"] += 1
        state = ("pending", "queued", "running", "compressing", "uploading", "completed")[min(job["_looked"], 5)]
        return {**{name: value for name, value in job.items() if name[0] != "_"}, "status": state,
                "model_output_name": f"org/{job['model']}-{job['suffix']}-{job['id'][-4:]}", "token_count": 4321}

    def handle_any(self):
        path, _, body = self.read()
        state = self.state
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self.answer(401, {"error": {"message": "Invalid API key", "type": "invalid_request_error"}})
        path = path[1:]
        with state.lock:
            if path == ["files", "upload"]:
                form = multipart(body, self.headers["Content-Type"])
                if form["file_type"][1] != b"jsonl" or form["purpose"][1] != b"fine-tune":
                    return self.answer(400, error("bad form"))
                return self.answer(200, self.file(state.add_file(form["file_name"][1].decode(), "fine-tune", form["file"][1])))
            if path == ["files"]:
                return self.answer(200, {"data": [self.file(file) for file, _ in state.files.values()]})
            if path[:1] == ["files"]:
                return self.answer(200, self.file(state.files[path[1]][0]))
            if path == ["fine-tunes"] and self.command == "POST":
                wanted = json.loads(body)
                job = {**wanted, "id": state.new_id("ft-"), "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.123Z", time.gmtime()),
                       "_looked": 0}
                state.jobs[job["id"]] = job
                if state.due("create"):
                    return self.cut()
                return self.answer(200, self.job(job))
            if path == ["fine-tunes"]:
                return self.answer(200, {"data": [self.job(job) for job in state.jobs.values()]})
            if path[:1] == ["fine-tunes"] and path[-1] == "events":
                return self.answer(200, {"data": [{"object": "fine-tune-event", "created_at": "2026-11-24T10:00:00Z",
                                                   "level": "info", "message": "Job started", "type": "job_start"}]})
            if path[:1] == ["fine-tunes"]:
                return self.answer(200, self.job(state.jobs[path[1]]))
            if path[:1] == ["models"]:
                return self.answer(404, error("no such route"))
        return self.answer(404, error("unknown"))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Gemini(Recorded):
    def handle_any(self):
        path, query, body = self.read()
        state = self.state
        if self.headers.get("x-goog-api-key") != KEY:
            return self.answer(400, {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}})
        with state.lock:
            if path == ["upload", "v1beta", "files"] and "session" not in query:
                if self.headers["X-Goog-Upload-Command"] != "start" or self.headers["X-Goog-Upload-Protocol"] != "resumable":
                    return self.answer(400, {"error": {"code": 400, "message": "bad start", "status": "INVALID_ARGUMENT"}})
                session = state.new_id("s")
                state.uploads[session] = (json.loads(body)["file"]["display_name"],
                                          int(self.headers["X-Goog-Upload-Header-Content-Length"]))
                return self.answer(200, {}, [("X-Goog-Upload-URL", f"{state.url}/upload/v1beta/files?session={session}")])
            if path == ["upload", "v1beta", "files"]:
                name, size = state.uploads[query["session"][0]]
                if self.headers["X-Goog-Upload-Command"] == "query":
                    done = any(file["displayName"] == name for file in state.files.values())
                    return self.answer(200, {}, [("X-Goog-Upload-Status", "final" if done else "active"),
                                                 ("X-Goog-Upload-Size-Received", "0")])
                if len(body) != size or self.headers["X-Goog-Upload-Offset"] != "0":
                    return self.answer(400, {"error": {"code": 400, "message": "bad size", "status": "INVALID_ARGUMENT"}})
                file = {"name": f"files/{state.new_id('f')}", "displayName": name, "sizeBytes": str(size), "state": "ACTIVE",
                        "createTime": "2026-11-24T10:00:00.5Z", "expirationTime": "2026-11-26T10:00:00Z"}
                state.files[file["name"]] = file
                if state.due("finalize"):
                    return self.cut()
                return self.answer(200, {"file": file})
            if path == ["v1beta", "files"]:
                return self.answer(200, {"files": list(state.files.values())} if state.files else {})
            if path[:2] == ["v1beta", "files"]:
                return self.answer(200, state.files["/".join(path[1:])])
        return self.answer(404, {"error": {"code": 404, "message": "unknown", "status": "NOT_FOUND"}})

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Vertex(Recorded):
    """Cloud Storage's resumable uploads, tuningJobs, streamGenerateContent, the token endpoint."""

    def check_assertion(self, body):
        form = parse_qs(body.decode())
        assertion = form["assertion"][0]
        head, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in assertion.split("."))
        signed = assertion.rsplit(".", 1)[0].encode()
        number = pow(int.from_bytes(signature, "big"), 65537, self.state.modulus)
        padded = number.to_bytes(256, "big")
        prefix = bytes.fromhex("3031300d060960864801650304020105000420")
        expected = b"\x00\x01" + b"\xff" * (256 - 3 - 51) + b"\x00" + prefix + hashlib.sha256(signed).digest()
        claims = json.loads(claims)
        return (padded == expected and json.loads(head)["alg"] == "RS256" and claims["iss"] == "robot@example.org"
                and claims["aud"] == f"{self.state.url}/token" and abs(claims["iat"] - time.time()) < 100
                and form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"])

    def handle_any(self):
        path, query, body = self.read()
        state = self.state
        if path == ["token"]:
            if not self.check_assertion(body):
                return self.answer(400, {"error": "invalid_grant"})
            return self.answer(200, {"access_token": KEY, "expires_in": 3600, "token_type": "Bearer"})
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self.answer(401, {"error": {"code": 401, "message": "no credentials", "status": "UNAUTHENTICATED"}})
        with state.lock:
            if path[:3] == ["upload", "storage", "v1"]:
                if "session" not in query:
                    name = query["name"][0]
                    if query["ifGenerationMatch"] != ["0"] or query["uploadType"] != ["resumable"]:
                        return self.answer(400, {"error": {"code": 400, "message": "bad start"}})
                    if name in state.files:
                        return self.answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})
                    session = state.new_id("s")
                    state.uploads[session] = [name, b""]
                    return self.answer(200, b"", [("Location", f"{state.url}/upload/storage/v1/b/bucket/o?session={session}")])
                upload = state.uploads[query["session"][0]]
                match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", self.headers["Content-Range"])
                first, last, size = match.groups()
                if first is not None:
                    if int(first) != len(upload[1]) or int(last) - int(first) + 1 != len(body):
                        return self.answer(400, {"error": {"code": 400, "message": "bad range"}})
                    upload[1] += body
                if len(upload[1]) < int(size):
                    more = [("Range", f"bytes=0-{len(upload[1]) - 1}")] if upload[1] else []
                    return self.answer(308, b"", more)
                state.files[upload[0]] = upload[1]
                return self.answer(200, self.object(upload[0]))
            if path[:3] == ["storage", "v1", "b"]:
                if len(path) == 5:
                    return self.answer(200, {"items": [self.object(name) for name in state.files]})
                name = "/".join(path[5:])
                if name not in state.files:
                    return self.answer(404, {"error": {"code": 404, "message": "No such object"}})
                return self.answer(200, state.files[name] if query.get("alt") == ["media"] else self.object(name))
            if path[:5] == ["v1", "projects", "proj", "locations", "here"]:
                rest = path[5:]
                if rest == ["tuningJobs"] and self.command == "POST":
                    wanted = json.loads(body)
                    job = {"name": f"projects/1/locations/here/tuningJobs/{state.new_id('9')}", **wanted, "_looked": 0,
                           "createTime": time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime())}
                    state.jobs[job["name"].rsplit("/", 1)[1]] = job
                    if state.due("create"):
                        return self.answer(503, {"error": {"code": 503, "message": "try later", "status": "UNAVAILABLE"}})
                    return self.answer(200, self.job(job))
                if rest == ["tuningJobs"]:
                    return self.answer(200, {"tuningJobs": [self.job(job) for job in state.jobs.values()]})
                if rest[:1] == ["tuningJobs"] and rest[1].endswith(":cancel"):
                    state.jobs[rest[1].removesuffix(":cancel")]["_cancelled"] = True
                    return self.answer(200, {})
                if rest[:1] == ["tuningJobs"]:
                    return self.answer(200, self.job(state.jobs[rest[1]]))
        if path[-1].endswith(":streamGenerateContent") and query["alt"] == ["sse"]:
            return self.generate(path, json.loads(body))
        return self.answer(404, {"error": {"code": 404, "message": f"unknown {self.path}", "status": "NOT_FOUND"}})

    def generate(self, path, wanted):
        self.state.chats.append(wanted)
        model = "/".join(path).removesuffix(":streamGenerateContent").rsplit("/", 1)[1]
        lines = [{"candidates": [{"content": {"role": "model", "parts": [{"text": f"I am {model}."}]}}]},
                 {"candidates": [{"content": {"role": "model", "parts": [{"text": " Да"}]}, "finishReason": "STOP"}],
                  "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}]
        data = "".join(f"data: {json.dumps(line)}\r\n\r\n" for line in lines).encode()
        self.answer(200, data)

    def object(self, name):
        return {"kind": "storage#object", "name": name, "bucket": "bucket", "size": str(len(self.state.files[name])),
                "timeCreated": "2026-11-24T10:00:00.000Z"}

    def job(self, job):
        job["_looked"] += 1
        state = ("QUEUED", "PENDING", "RUNNING", "SUCCEEDED")[min(job["_looked"], 3)]
        if job.get("_cancelled"):
            state = "CANCELLED"
        shown = {name: value for name, value in job.items() if name[0] != "_"}
        shown["state"] = f"JOB_STATE_{state}"
        if state == "SUCCEEDED":
            shown["endTime"] = "2026-11-24T11:00:00Z"
            shown["tunedModel"] = {"model": "projects/1/locations/here/models/5", "endpoint": "projects/1/locations/here/endpoints/77"}
            shown["tuningDataStats"] = {"supervisedTuningDataStats": {"totalBillableTokenCount": "987"}}
        return shown

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Flows(Base):
    def begin(self, handler, provider, more=""):
        server = Server(State(), handler)
        server.state.requests, server.state.url = [], server.url
        self.addCleanup(server.close)
        workspace = self.workspace(server)
        with open(workspace.path / "providers.toml", "a", encoding="utf-8") as table:
            table.write(f'\n[[provider]]\nname = "{provider}"\npoll_ms = 20\nsettle_ms = 300\nretry_ms = 20\ntries = 3\n{more}\n')
        return server, workspace

    def keys(self, workspace, **values):
        env = workspace.path / ".env"
        env.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
        env.chmod(0o600)

    def test_azure(self):
        server, workspace = self.begin(Azure, "azure")
        self.keys(workspace, AZURE_OPENAI_API_KEY=KEY)
        out, errors = workspace.run("finetune", "--provider", "azure", "--yes", "--base-url", server.url + "/v1", "--suffix",
                                    "much-longer-than-eighteen", "--json")
        job = json.loads(out)
        self.assertTrue(hosted_test.whole(server))
        for file, content in server.state.files.values():
            if file["purpose"] == "fine-tune":
                self.assertTrue(content.startswith(b"\xef\xbb\xbf{"))
        created = next(json.loads(body) for call, body in server.state.bodies if call == "jobs.create")
        self.assertEqual((created["model"], len(created["suffix"])), ("gpt-4.1-mini-2025-04-14", 18))
        self.assertIn("deploy the model", errors)
        self.assertEqual(server.state.chats, [])  # it answers only once deployed
        self.assertIn("deploy the model", (workspace.path / f"results/{job['id']}.md").read_text(encoding="utf-8"))

    def test_azure_needs_its_resource(self):
        _, workspace = self.begin(Azure, "azure")
        self.assertIn("--resource", run(workspace, "finetune", "--provider", "azure", "--yes")[2])

    def test_nebius(self):
        server, workspace = self.begin(Handler, "nebius")
        self.keys(workspace, NEBIUS_API_KEY=server.state.key)
        command = ("finetune", "--provider", "nebius", "--yes", "--base-url", server.url + "/v1")
        self.assertIn("wants a learning rate", run(workspace, *command, "--learning-rate-multiplier", 2)[2])
        workspace.json(*command, "--learning-rate", "2e-5", "--epochs", 3, "--batch-size", 8)
        created = next(json.loads(body) for call, body in server.state.bodies if call == "jobs.create")
        self.assertEqual(created["hyperparameters"], {"n_epochs": 3, "batch_size": 8, "learning_rate_multiplier": 2e-5,
                                                      "lora": True})
        self.assertNotIn("method", created)
        self.assertNotIn("metadata", created)

    def test_together(self):
        server, workspace = self.begin(Together, "together")
        self.keys(workspace, TOGETHER_API_KEY=KEY)
        server.state.fail("create", "cut")
        job = workspace.json("finetune", "--provider", "together", "--yes", "--base-url", server.url + "/v1", "--suffix", "maya",
                             "--learning-rate", "1e-5", "--epochs", 2)
        self.assertEqual((len(server.state.jobs), len(server.state.files)), (1, 2))
        created = json.loads(next(body for call, body in server.state.bodies if call == "POST /v1/fine-tunes"))
        self.assertEqual(created["training_type"], {"type": "Lora"})
        self.assertEqual((created["n_epochs"], created["learning_rate"], created["suffix"]), (2, 1e-5, "maya"))
        self.assertRegex(job["fine_tuned_model"], "^org/meta-llama/.*-maya-")
        self.assertEqual(job["result"]["trained_tokens"], 4321)
        for _, content in server.state.files.values():
            for line in content.decode().splitlines():
                roles = [message["role"] for message in json.loads(line)["messages"]]
                turns = roles[1:] if roles[0] == "system" else roles
                self.assertEqual(turns, ["user", "assistant"] * (len(turns) // 2))
        self.assertEqual(workspace.rows("SELECT message FROM job_events WHERE message = 'Job started'"), [("Job started",)])

    def test_gemini_keeps_files_and_says_that_it_does_not_tune(self):
        server, workspace = self.begin(Gemini, "gemini")
        self.keys(workspace, GEMINI_API_KEY=KEY)
        server.state.fail("finalize", "cut")
        command = ("finetune", "--provider", "gemini", "--yes", "--base-url", server.url)
        out, errors = workspace.run(*command, "--json")
        uploaded = json.loads(out)
        self.assertIsNone(uploaded["job"])
        self.assertRegex(uploaded["training_file"], "^files/")
        self.assertIn("has had no tuning since May 2025", errors)
        self.assertIn("--provider vertex", errors)
        workspace.run(*command)
        self.assertEqual(len(server.state.files), 2)
        key = [headers for _, path, headers, _ in server.state.requests if "key=" in path]
        self.assertEqual(key, [])  # never in an address, which proxies log

    def test_vertex(self):
        server, workspace = self.begin(Vertex, "vertex", 'storage_url = "SERVER"')
        table = workspace.path / "providers.toml"
        table.write_text(table.read_text(encoding="utf-8").replace("SERVER", server.url), encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            pem = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
            modulus = subprocess.run(["openssl", "rsa", "-modulus", "-noout"], input=pem, capture_output=True, text=True,
                                     check=True).stdout
            server.state.modulus = int(modulus.split("=")[1], 16)
            credentials = Path(folder, "key.json")
            credentials.write_text(json.dumps({"type": "service_account", "client_email": "robot@example.org",
                                               "private_key_id": "k1", "private_key": pem, "token_uri": server.url + "/token"}),
                                   encoding="utf-8")
            server.state.fail("create", "503")
            with mock.patch.dict(os.environ, {"GOOGLE_APPLICATION_CREDENTIALS": str(credentials)}):
                where = ("--provider", "vertex", "--base-url", server.url, "--project", "proj", "--location", "here", "--bucket",
                         "gs://bucket")
                job = workspace.json("finetune", *where, "--yes", "--epochs", 3, "--suffix", "maya")
                answer = workspace.json("chat", *where, "--model", "gemini-2.5-flash", "--message", "Hi")
        self.assertEqual((len(server.state.jobs), len(server.state.files)), (1, 2))
        created = json.loads(next(body for call, body in server.state.bodies if call.endswith("/tuningJobs") and body))
        self.assertEqual(created["baseModel"], "gemini-2.5-flash")
        self.assertEqual(created["supervisedTuningSpec"]["hyperParameters"], {"epochCount": "3"})
        self.assertRegex(created["supervisedTuningSpec"]["trainingDatasetUri"], "^gs://bucket/idiolect/idiolect-train-")
        self.assertEqual(job["fine_tuned_model"], "projects/1/locations/here/endpoints/77")
        self.assertEqual(job["result"]["trained_tokens"], 987)
        results = json.loads((workspace.path / f"results/{job['id']}.json").read_text(encoding="utf-8"))
        self.assertEqual((results["answers"][0]["base"], results["answers"][0]["tuned"]),
                         ("I am gemini-2.5-flash. Да", "I am 77. Да"))
        self.assertEqual(answer["content"], "I am gemini-2.5-flash. Да")
        for content in server.state.files.values():
            for line in content.decode().splitlines():
                turns = [turn["role"] for turn in json.loads(line)["contents"]]
                self.assertEqual(turns, ["user", "model"] * (len(turns) // 2))
        for path in workspace.path.rglob("*"):
            if path.is_file():
                self.assertNotIn(KEY.encode(), path.read_bytes(), path)

    def test_vertex_without_credentials_says_how(self):
        server, workspace = self.begin(Vertex, "vertex", f'storage_url = "http://127.0.0.1:9"')
        with mock.patch.dict(os.environ, {"PATH": "/nowhere"}):
            status, _, errors = run(workspace, "finetune", "--provider", "vertex", "--base-url", server.url, "--project", "p",
                                    "--bucket", "b", "--yes")
        self.assertEqual(status, 2)
        self.assertIn("GOOGLE_APPLICATION_CREDENTIALS", errors)


if __name__ == "__main__":
    program.main()
