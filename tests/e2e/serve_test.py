#!/usr/bin/env python3
"""OpenAI's API of idiolect serve from outside: files, uploads, jobs to their end, chat whole and streamed, models,
errors, and who is let in."""

import base64
import json
import socket
import time
import unittest

import program
from server import BASE, Server, events_of, form, training_file

SAY = [{"role": "user", "content": "Say hello."}]


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--threads", 2)

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        # Whatever the tests said to it.
        log = program.check_log(cls.server.workspace, {"Say hello", "Bob", "aye aye", "ship 3", "Once upon", "evil"})
        assert "succeeded" in log, log

    def check_error(self, answer, status, param=None, code=None):
        self.assertEqual(answer.status, status, answer.bytes)
        error = answer.json["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertEqual((error["param"], error["code"]), (param, code), error)

    def test_a_file_comes_back_as_it_was_sent(self):
        content = training_file()
        made = self.server.upload(content).json
        self.assertRegex(made["id"], "^file-[A-Za-z0-9]{24}$")
        self.assertEqual((made["object"], made["bytes"], made["filename"], made["purpose"], made["status"]),
                         ("file", len(content), "train.jsonl", "fine-tune", "processed"))
        self.assertEqual(self.server.get(f"/v1/files/{made['id']}").json, made)
        self.assertEqual(self.server.get(f"/v1/files/{made['id']}/content").bytes, content)
        self.assertIn(made, self.server.get("/v1/files?purpose=fine-tune").json["data"])
        gone = self.server.request("DELETE", f"/v1/files/{made['id']}").json
        self.assertEqual(gone, {"id": made["id"], "object": "file", "deleted": True})
        self.check_error(self.server.get(f"/v1/files/{made['id']}"), 404, "id")

    def test_files_are_paged(self):
        made = [self.server.upload(training_file(), purpose="user_data", filename=f"{n}.bin").json["id"]
                for n in range(5)]
        seen, after = [], ""
        while True:
            page = self.server.get(f"/v1/files?purpose=user_data&limit=2{after}").json
            seen += [entry["id"] for entry in page["data"]]
            self.assertEqual((page["first_id"], page["last_id"]), (page["data"][0]["id"], page["data"][-1]["id"]))
            if not page["has_more"]:
                break
            after = f"&after={page['last_id']}"
        self.assertEqual(seen, made[::-1])
        oldest = self.server.get("/v1/files?purpose=user_data&order=asc").json["data"]
        self.assertEqual([entry["id"] for entry in oldest], made)

    def test_wrong_files_are_refused(self):
        self.check_error(self.server.upload(b"x", filename="a.txt"), 400, "file", "invalid_file_format")
        self.check_error(self.server.upload(b"", filename="a.jsonl"), 400, "file", "invalid_file_format")
        self.check_error(self.server.upload(b"x", purpose="poetry"), 400, "purpose", "invalid_value")
        body, kind = form([("purpose", "batch")], {})
        self.check_error(self.server.request("POST", "/v1/files", body, {"Content-Type": kind}), 400, "file",
                         "missing_required_parameter")
        self.check_error(self.server.request("POST", "/v1/files", body[:-8], {"Content-Type": kind}), 400)
        self.check_error(self.server.post("/v1/files", {"purpose": "batch"}), 400)
        # A name never becomes a path.
        made = self.server.upload(b"x", filename="../../evil.jsonl").json
        self.assertEqual(made["filename"], "../../evil.jsonl")
        self.assertFalse((self.server.workspace.path.parent / "evil.jsonl").exists())
        self.check_error(self.server.get("/v1/files/..%2f..%2fworkspace.db/content"), 404, "id")

    def test_an_upload_in_parts_becomes_a_file(self):
        content = training_file(40)
        upload = self.server.post("/v1/uploads", {"filename": "big.jsonl", "purpose": "fine-tune",
                                                  "bytes": len(content), "mime_type": "text/jsonl"}).json
        self.assertEqual((upload["object"], upload["status"]), ("upload", "pending"))
        parts = []
        for start in range(0, len(content), 1000):
            body, kind = form([], {"data": ("blob", content[start:start + 1000])})
            part = self.server.request("POST", f"/v1/uploads/{upload['id']}/parts", body, {"Content-Type": kind}).json
            self.assertEqual((part["object"], part["upload_id"]), ("upload.part", upload["id"]))
            parts.append(part["id"])
        where = f"/v1/uploads/{upload['id']}/complete"
        self.check_error(self.server.post(where, {"part_ids": parts[1:]}), 400, "part_ids", "upload_size_mismatch")
        self.check_error(self.server.post(where, {"part_ids": parts, "md5": "0" * 32}), 400, "md5", "md5_mismatch")
        done = self.server.post(where, {"part_ids": parts}).json
        self.assertEqual(done["status"], "completed")
        self.assertEqual(self.server.get(f"/v1/files/{done['file']['id']}/content").bytes, content)
        self.assertEqual(self.server.post(where, {"part_ids": parts}).json["file"], done["file"])

        other = self.server.post("/v1/uploads", {"filename": "a.jsonl", "purpose": "fine-tune", "bytes": 3,
                                                 "mime_type": "text/jsonl"}).json
        self.assertEqual(self.server.post(f"/v1/uploads/{other['id']}/cancel").json["status"], "cancelled")
        self.check_error(self.server.post(f"/v1/uploads/{other['id']}/complete", {"part_ids": []}), 400, "upload_id",
                         "invalid_upload_status")

    def test_a_job_learns_to_prefer(self):
        lines = "".join(json.dumps({"input": {"messages": [{"role": "user", "content": f"ship {number}?"}]},
                                    "preferred_output": [{"role": "assistant", "content": "aye aye!"}],
                                    "non_preferred_output": [{"role": "assistant", "content": "Certainly."}]}) + "\n"
                        for number in range(10)).encode()
        asked = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "n_epochs": 1}}}
        job = self.server.post("/v1/fine_tuning/jobs", {
            "model": BASE, "training_file": self.server.upload(lines).json["id"], "method": asked}).json
        self.assertEqual(job["method"]["type"], "dpo")
        self.assertEqual(job["method"]["dpo"]["hyperparameters"]["beta"], 0.2)
        done = self.server.follow(job["id"])
        self.assertEqual(done["status"], "succeeded", (done["error"], self.server.words()))
        self.assertEqual(done["method"]["dpo"]["hyperparameters"]["n_epochs"], 1)
        # Chat lines are no pairs, and that is said.
        wrong = self.server.post("/v1/fine_tuning/jobs", {
            "model": BASE, "training_file": self.server.upload(training_file(12)).json["id"], "method": asked}).json
        failed = self.server.follow(wrong["id"])
        self.assertEqual((failed["status"], failed["error"]["code"]), ("failed", "invalid_file_format"))
        self.assertIn("no \"prompt\"", failed["error"]["message"])

    def test_a_job_trains_and_its_model_answers(self):
        data = self.server.upload(training_file(20)).json["id"]
        check = self.server.upload(training_file(3)).json["id"]
        job = self.server.post("/v1/fine_tuning/jobs", {
            "model": BASE, "training_file": data, "validation_file": check, "suffix": "sailor", "seed": 5,
            "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
            "metadata": {"run": "r1"}}).json
        self.assertRegex(job["id"], "^ftjob-[A-Za-z0-9]{24}$")
        self.assertEqual((job["status"], job["fine_tuned_model"], job["error"], job["finished_at"],
                          job["trained_tokens"], job["result_files"]),
                         ("validating_files", None, None, None, None, []))
        done = self.server.follow(job["id"])
        self.assertEqual(done["status"], "succeeded", (done["error"], self.server.words()))
        self.assertEqual(done["fine_tuned_model"], f"ft:{BASE}:local:sailor:{job['id'][-8:]}")
        self.assertEqual(done["hyperparameters"]["n_epochs"], 2)
        self.assertGreater(done["trained_tokens"], 0)
        self.assertGreaterEqual(done["finished_at"], done["created_at"])

        # Newest first, in pages, each once.
        events, after = [], ""
        while True:
            page = self.server.get(f"/v1/fine_tuning/jobs/{job['id']}/events?limit=3{after}").json
            events += page["data"]
            if not page["has_more"]:
                break
            after = f"&after={page['data'][-1]['id']}"
        self.assertEqual(len({event["id"] for event in events}), len(events))
        self.assertEqual(events[0]["message"], "The job has successfully completed")
        self.assertEqual(events[-1]["message"], f"Created fine-tuning job: {job['id']}")
        steps = [event["data"]["step"] for event in events if "train_loss" in event["data"]]
        self.assertEqual(steps, list(range(len(steps), 0, -1)))

        csv = base64.b64decode(self.server.get(f"/v1/files/{done['result_files'][0]}/content").bytes).decode()
        rows = csv.splitlines()
        self.assertTrue(rows[0].startswith("step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"))
        self.assertEqual(len(rows), 1 + len(steps))

        checkpoint = self.server.get(f"/v1/fine_tuning/jobs/{job['id']}/checkpoints").json["data"][0]
        self.assertEqual(checkpoint["fine_tuning_job_id"], job["id"])
        self.assertIn("full_valid_loss", checkpoint["metrics"])
        listed = self.server.get("/v1/fine_tuning/jobs?metadata[run]=r1").json["data"]
        self.assertEqual([entry["id"] for entry in listed], [job["id"]])
        self.assertEqual(self.server.get("/v1/fine_tuning/jobs?metadata[run]=r2").json["data"], [])

        # The tuned model, its checkpoint and an alias are one model; it speaks with its own system prompt.
        self.server.workspace.run("alias", "bob", done["fine_tuned_model"])
        # The first answer reads its prompt whole, later ones go on from it, which may round differently.
        self.server.post("/v1/chat/completions", {
            "model": "bob", "messages": [{"role": "user", "content": "ship 3?"}], "max_completion_tokens": 1})
        answers = []
        for name in (done["fine_tuned_model"], checkpoint["fine_tuned_model_checkpoint"], "bob"):
            said = self.server.post("/v1/chat/completions", {
                "model": name, "messages": [{"role": "user", "content": "ship 3?"}], "temperature": 0,
                "max_completion_tokens": 12}).json
            self.assertEqual(said["model"], name)
            answers.append(said["choices"][0]["message"]["content"])
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        told = self.server.post("/v1/chat/completions", {
            "model": "bob", "messages": [{"role": "system", "content": "You are Bob the sailor."},
                                         {"role": "user", "content": "ship 3?"}], "temperature": 0,
            "max_completion_tokens": 12}).json
        self.assertEqual(told["choices"][0]["message"]["content"], answers[0])
        base = self.server.post("/v1/chat/completions", {
            "model": BASE, "messages": [{"role": "user", "content": "ship 3?"}], "temperature": 0,
            "max_completion_tokens": 12}).json
        self.assertNotEqual(base["choices"][0]["message"]["content"], answers[0])
        self.assertNotEqual(base["usage"]["prompt_tokens"], told["usage"]["prompt_tokens"])

        name = done["fine_tuned_model"]
        self.assertEqual(self.server.get(f"/v1/models/{name.replace(':', '%3A')}").json["owned_by"], "local")
        gone = self.server.request("DELETE", f"/v1/models/{name}").json
        self.assertEqual(gone, {"id": name, "object": "model", "deleted": True})
        self.check_error(self.server.get(f"/v1/models/{name}"), 404, "model", "model_not_found")
        self.check_error(self.server.request("DELETE", f"/v1/models/{BASE}"), 403, "model", "model_not_deletable")

    def test_a_bad_training_file_is_a_failed_job(self):
        few = self.server.upload(training_file(9)).json["id"]
        failed = self.server.follow(self.server.post("/v1/fine_tuning/jobs",
                                                     {"model": BASE, "training_file": few}).json["id"])
        self.assertEqual(failed["error"], {"code": "invalid_n_examples", "param": "training_file", "message":
                                           "Training file has 9 example(s), but must have at least 10 examples"})
        broken = self.server.upload(training_file(11) + b'{"messages": 3}\n').json["id"]
        failed = self.server.follow(self.server.post("/v1/fine_tuning/jobs",
                                                     {"model": BASE, "training_file": broken}).json["id"])
        self.assertEqual(failed["status"], "failed")
        self.assertEqual(failed["error"]["code"], "invalid_file_format")
        self.assertIn("line 12", failed["error"]["message"])
        self.assertNotIn(str(self.server.workspace.path), failed["error"]["message"])

    def test_wrong_jobs_are_refused(self):
        data = self.server.upload(training_file()).json["id"]
        other = self.server.upload(training_file(), purpose="user_data").json["id"]

        def create(**more):
            return self.server.post("/v1/fine_tuning/jobs", {"model": BASE, "training_file": data, **more})

        self.check_error(create(model="gpt-4o-mini"), 400, None, "model_not_available")
        self.check_error(create(training_file="file-no"), 400, "training_file", "file_not_found")
        self.check_error(create(training_file=other), 400, "training_file", "invalid_file_purpose")
        self.check_error(create(training_file=None), 400, "training_file", "missing_required_parameter")
        self.check_error(create(suffix="s" * 65), 400, "suffix", "invalid_value")
        self.check_error(create(seed=-1), 400, "seed", "integer_below_min_value")
        self.check_error(create(hyperparameters={"n_epochs": 51}), 400, "hyperparameters.n_epochs",
                         "integer_above_max_value")
        self.check_error(create(hyperparameters={"n_epochs": "many"}), 400, "hyperparameters.n_epochs",
                         "invalid_type")
        self.check_error(create(method={"type": "magic"}), 400, "method.type", "invalid_value")
        self.check_error(create(method={"type": "reinforcement"}), 400, "method.type", "method_not_available")
        self.check_error(create(method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 3}}}), 400,
                         "method.dpo.hyperparameters.beta", "decimal_above_max_value")
        self.check_error(create(metadata={str(n): "" for n in range(17)}), 400, "metadata", "invalid_value")
        self.check_error(create(epochs=3), 400, "epochs", "unknown_parameter")
        self.check_error(self.server.get("/v1/fine_tuning/jobs/ftjob-no"), 404, "fine_tuning_job_id",
                         "fine_tune_not_found")
        self.check_error(self.server.get("/v1/fine_tuning/jobs?limit=0"), 400, "limit", "invalid_value")

    def test_chat_whole_and_streamed_are_the_same(self):
        asked = {"model": BASE, "messages": SAY, "temperature": 0, "max_completion_tokens": 16, "logprobs": True,
                 "top_logprobs": 2}
        # The first answer reads its prompt whole, later ones go on from it, which may round differently.
        self.server.post("/v1/chat/completions", asked)
        whole = self.server.post("/v1/chat/completions", asked).json
        self.assertEqual((whole["object"], whole["model"]), ("chat.completion", BASE))
        choice = whole["choices"][0]
        self.assertEqual(choice["message"]["role"], "assistant")
        self.assertIsNone(choice["message"]["refusal"])
        usage = whole["usage"]
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["completion_tokens"])
        tokens = choice["logprobs"]["content"]
        self.assertEqual(bytes(sum((token["bytes"] for token in tokens), [])).decode().strip(),
                         choice["message"]["content"].strip())
        for token in tokens:
            self.assertLessEqual(token["logprob"], 0)
            self.assertEqual(len(token["top_logprobs"]), 2)

        answer = self.server.post("/v1/chat/completions",
                                  {**asked, "stream": True, "stream_options": {"include_usage": True}})
        self.assertTrue(answer.headers["content-type"].startswith("text/event-stream"))
        chunks = events_of(answer)
        self.assertEqual(len({chunk["id"] for chunk in chunks}), 1)
        self.assertEqual(chunks[0]["choices"][0]["delta"]["role"], "assistant")
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
        self.assertEqual(text, choice["message"]["content"])
        self.assertEqual(chunks[-2]["choices"][0]["finish_reason"], choice["finish_reason"])
        self.assertEqual(chunks[-1]["choices"], [])
        self.assertEqual(chunks[-1]["usage"]["completion_tokens"], usage["completion_tokens"])
        streamed = [token for chunk in chunks[:-1] if chunk["choices"][0]["logprobs"]
                    for token in chunk["choices"][0]["logprobs"]["content"]]
        self.assertEqual([token["bytes"] for token in streamed], [token["bytes"] for token in tokens])

    def test_sampling_fields_do_what_they_say(self):
        def ask(**more):
            return self.server.post("/v1/chat/completions", {"model": BASE, "messages": SAY,
                                                             "max_completion_tokens": 12, **more}).json

        self.assertEqual(ask(max_completion_tokens=3, temperature=0)["choices"][0]["finish_reason"], "length")
        self.assertEqual(ask(max_completion_tokens=3, temperature=0)["usage"]["completion_tokens"], 3)
        several = ask(n=3, seed=1, temperature=1.5)
        self.assertEqual([choice["index"] for choice in several["choices"]], [0, 1, 2])
        self.assertGreater(len({choice["message"]["content"] for choice in several["choices"]}), 1)
        self.assertEqual(ask(n=2, seed=9)["choices"], ask(n=2, seed=9)["choices"])
        plain = ask(temperature=0)["choices"][0]["message"]["content"]
        word = plain.split()[1]
        cut = ask(temperature=0, stop=[word])["choices"][0]
        self.assertEqual(cut["finish_reason"], "stop")
        self.assertEqual(cut["message"]["content"], plain[:plain.index(word)])
        parts = ask(temperature=0, messages=[{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}])
        self.assertEqual(parts["choices"][0]["message"]["content"], plain)
        made = ask(response_format={"type": "json_object"}, temperature=0, max_completion_tokens=120,
                   messages=[{"role": "user", "content": "Give a JSON object with a key name."}])["choices"][0]
        self.assertEqual(made["message"]["content"].lstrip()[:1], "{")
        if made["finish_reason"] == "stop":
            self.assertIsInstance(json.loads(made["message"]["content"]), dict)

    def test_penalties_keep_a_text_from_repeating_itself(self):
        refrain = [{"role": "user", "content": "Write a long poem about the sea with a refrain."}]

        def tokens(**fields):
            answer = self.server.post("/v1/chat/completions", {
                "model": BASE, "messages": refrain, "temperature": 0, "max_completion_tokens": 120, "logprobs": True,
                **fields}).json
            return [token["token"] for token in answer["choices"][0]["logprobs"]["content"]]

        def new(of):
            return len(set(of)) / len(of)

        tokens()  # reads the prompt whole; the others go on from it
        plain = tokens()
        self.assertLess(new(plain), 0.7)
        for field in ("presence_penalty", "frequency_penalty"):
            self.assertEqual(tokens(**{field: 0}), plain)
            self.assertGreater(new(tokens(**{field: 2})), new(plain) + 0.05)

    def test_wrong_chats_are_refused(self):
        def ask(**more):
            return self.server.post("/v1/chat/completions", {"model": BASE, "messages": SAY, **more})

        self.check_error(ask(model="nobody"), 404, "model", "model_not_found")
        self.check_error(ask(model=None), 400, "model", "missing_required_parameter")
        self.check_error(ask(messages=[]), 400, "messages", "empty_array")
        self.check_error(ask(messages="hi"), 400, "messages", "invalid_type")
        self.check_error(ask(messages=[{"role": "bard", "content": "x"}]), 400, "messages[0].role", "invalid_value")
        self.check_error(ask(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), 400,
                         "messages[0].content", "invalid_type")
        self.check_error(ask(temperature=2.5), 400, "temperature", "decimal_above_max_value")
        self.check_error(ask(temperature="hot"), 400, "temperature", "invalid_type")
        self.check_error(ask(n=0), 400, "n", "integer_below_min_value")
        self.check_error(ask(stop=["a"] * 5), 400, "stop", "invalid_value")
        self.check_error(ask(tools=[{"type": "function"}]), 400, "tools", "unsupported_parameter")
        self.check_error(ask(top_logprobs=2), 400, "top_logprobs", "invalid_value")
        self.check_error(ask(stream_options={}), 400, "stream_options", "invalid_value")
        self.check_error(ask(max_tokens=99_999_999), 400, "max_tokens", "integer_above_max_value")
        self.check_error(self.server.request("POST", "/v1/chat/completions", b"{"), 400)
        self.check_error(self.server.request("POST", "/v1/chat/completions", b"[" * 100_000), 400)
        self.check_error(self.server.request("POST", "/v1/chat/completions", b"[]"), 400, None, "invalid_type")
        # Longer than the model can read.
        self.check_error(ask(messages=[{"role": "user", "content": "word " * 20_000}]), 400)

    def test_completions_continue_a_text(self):
        answer = self.server.post("/v1/completions", {"model": BASE, "prompt": ["Once upon a", "One two three"],
                                                      "max_tokens": 4, "temperature": 0, "logprobs": 2}).json
        self.assertEqual(answer["object"], "text_completion")
        self.assertEqual([choice["index"] for choice in answer["choices"]], [0, 1])
        logprobs = answer["choices"][0]["logprobs"]
        self.assertEqual(len(logprobs["tokens"]), 4)
        self.assertEqual("".join(logprobs["tokens"]), answer["choices"][0]["text"])
        chunks = events_of(self.server.post("/v1/completions", {
            "model": BASE, "prompt": "Once upon a", "max_tokens": 4, "temperature": 0, "stream": True, "logprobs": 2}))
        self.assertEqual("".join(chunk["choices"][0]["text"] for chunk in chunks), answer["choices"][0]["text"])
        pieces = [chunk["choices"][0]["logprobs"] for chunk in chunks if chunk["choices"][0]["logprobs"]]
        self.assertGreater(len(pieces), 1)
        self.assertEqual(sum((piece["tokens"] for piece in pieces), []), logprobs["tokens"])
        self.assertEqual(sum((piece["text_offset"] for piece in pieces), []), logprobs["text_offset"])

    def test_texts_become_tokens_and_texts_again(self):
        text = "Hello 👋 мир<|im_end|>"
        asked = {"model": BASE, "content": text}
        tokens = self.server.post("/tokenize", asked).json["tokens"]
        self.assertTrue(all(isinstance(token, int) for token in tokens))
        back = self.server.post("/detokenize", {"model": BASE, "tokens": tokens}).json
        self.assertEqual(back, {"content": text})
        # What its pieces say together, bytes where one is no whole text.
        pieces = self.server.post("/tokenize", {**asked, "with_pieces": True}).json["tokens"]
        self.assertEqual([piece["id"] for piece in pieces], tokens)
        self.assertTrue(any(isinstance(piece["piece"], list) for piece in pieces))
        joined = b"".join(bytes(piece["piece"]) if isinstance(piece["piece"], list) else piece["piece"].encode()
                          for piece in pieces)
        self.assertEqual(joined.decode(), text)
        # The control token's name is that token, or else letters.
        self.assertEqual(pieces[-1]["piece"], "<|im_end|>")
        letters = self.server.post("/tokenize", {**asked, "parse_special": False}).json["tokens"]
        self.assertGreater(len(letters), len(tokens))
        # As many as the model counts.
        usage = self.server.post("/v1/completions", {"model": BASE, "prompt": "One two three", "max_tokens": 1}).json
        count = len(self.server.post("/tokenize", {"model": BASE, "content": "One two three"}).json["tokens"])
        self.assertEqual(usage["usage"]["prompt_tokens"], count)
        self.check_error(self.server.post("/tokenize", {"model": BASE}), 400, "content", "missing_required_parameter")
        self.check_error(self.server.post("/tokenize", {"model": "nobody", "content": "x"}), 404, "model",
                         "model_not_found")
        self.check_error(self.server.post("/detokenize", {"model": BASE, "tokens": ["a"]}), 400, "tokens",
                         "invalid_value")
        self.check_error(self.server.post("/detokenize", {"model": BASE, "tokens": [99_999_999]}), 400)

    def test_health_and_metrics(self):
        self.assertEqual(self.server.get("/health").json["status"], "ok")
        metrics = self.server.get("/metrics")
        self.assertTrue(metrics.headers["content-type"].startswith("text/plain; version=0.0.4"))
        self.assertRegex(metrics.bytes.decode(), r'idiolect_http_requests_total\{route="/health",status="200"\} [1-9]')

    def test_unknown_places(self):
        self.check_error(self.server.get("/v1/nothing"), 404)
        refused = self.server.request("PUT", "/v1/files")
        self.check_error(refused, 405)
        self.assertEqual(refused.headers["allow"], "POST, GET")

    def test_strangers_are_kept_out(self):
        self.check_error(self.server.get("/v1/models", headers={"Host": "evil.example"}), 403, None,
                         "host_not_allowed")
        self.check_error(self.server.get("/v1/models", headers={"Origin": "https://evil.example"}), 403, None,
                         "origin_not_allowed")
        self.check_error(self.server.get("/v1/models", headers={"Origin": "null"}), 403, None, "origin_not_allowed")
        good = self.server.get("/v1/models", headers={"Origin": f"http://localhost:{self.server.port}",
                                                      "Host": f"localhost:{self.server.port}"})
        self.assertEqual(good.status, 200)
        self.assertNotIn("access-control-allow-origin", good.headers)

    def test_a_client_that_leaves_stops_its_answer(self):
        before = self.metric("idiolect_clients_gone_total")
        body = json.dumps({"model": BASE, "messages": [{"role": "user", "content": "Count to a thousand."}],
                           "stream": True, "max_completion_tokens": 1500, "stop": None, "logit_bias": {"2": -100}})
        with socket.create_connection(("127.0.0.1", self.server.port)) as stream:
            stream.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                           f"\r\n{body}".encode())
            stream.recv(100)
        end = time.monotonic() + 10
        while self.metric("idiolect_clients_gone_total") == before:
            self.assertLess(time.monotonic(), end, "the answer goes on for nobody")
            time.sleep(0.05)
        self.assertEqual(self.metric("idiolect_answers_running"), 0)

    def metric(self, name):
        for line in self.server.get("/metrics").bytes.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def test_malformed_http_is_answered_or_closed(self):
        for bytes_sent, status in ((b"GARBAGE\r\n\r\n", b"400"), (b"GET noslash HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
                                   (b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
                                   (b"GET / HTTP/1.1\r\n\r\n", b"403"),
                                   (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", b"431"),
                                   (b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
                                    b"413")):
            with socket.create_connection(("127.0.0.1", self.server.port)) as stream:
                stream.sendall(bytes_sent)
                stream.settimeout(10)
                self.assertEqual(stream.recv(12)[9:], status, bytes_sent[:40])

    def test_two_requests_on_one_connection(self):
        with socket.create_connection(("127.0.0.1", self.server.port)) as stream:
            stream.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
            stream.settimeout(10)
            got = b""
            while got.count(b'"status":"ok"') < 2:
                piece = stream.recv(4096)
                self.assertTrue(piece, got)
                got += piece


class Token(unittest.TestCase):
    def test_a_token_is_asked_for_and_needed_beyond_loopback(self):
        with Server("--bind", "0.0.0.0", environment={"IDIOLECT_TOKEN": "s3cret"}) as server:
            self.assertEqual(server.get("/v1/models").status, 401)
            self.assertEqual(server.get("/v1/models").json["error"]["code"], "missing_api_key")
            wrong = server.get("/v1/models", headers={"Authorization": "Bearer guess"})
            self.assertEqual((wrong.status, wrong.json["error"]["code"]), (401, "invalid_api_key"))
            self.assertEqual(server.get("/v1/models", headers={"Authorization": "Bearer s3cret"}).status, 200)
            self.assertEqual(server.get("/health").status, 200)
            self.assertEqual(server.get("/metrics").status, 401)
        with self.assertRaisesRegex(AssertionError, "without a token"):
            Server("--bind", "0.0.0.0", environment={"IDIOLECT_TOKEN": ""})


if __name__ == "__main__":
    program.main(BASE)
