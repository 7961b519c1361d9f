"""Run by sdk_test.py: described.py ADDRESS MODEL SPEC. What prism cannot pass on is held against OpenAI's description
here: every event of streamed answers, and the bodies of errors, for which the description names a form but no place."""

import http.client
import json
import sys
from urllib.parse import urlsplit

import jsonschema
import yaml

address, model, spec_file = sys.argv[1:4]
with open(spec_file, encoding="utf-8") as file:
    SPEC = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def nullable(schema):
    """The word that OpenAPI 3.0 had for "or null", which the description still uses, in JSON Schema's own."""
    if isinstance(schema, list):
        return [nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: nullable(value) for name, value in schema.items()}
    if out.pop("nullable", False) is True:
        if isinstance(out.get("type"), str):
            out["type"] = [out["type"], "null"]
            if "enum" in out:
                out["enum"] = [*out["enum"], None]
        else:
            out = {"anyOf": [out, {"type": "null"}]}
    return out


SCHEMAS = nullable(SPEC["components"]["schemas"])


def checker(name):
    assert name in SCHEMAS, name
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}})


def post(path, body):
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    data = answer.read().decode()
    connection.close()
    return answer.status, data


def hold(validator, what, where):
    for fault in validator.iter_errors(what):
        raise AssertionError(f"{where}: {fault.json_path}: {fault.message}\n{json.dumps(what)}")


# A checker that finds nothing wrong anywhere would be worth nothing.
chunk = checker("CreateChatCompletionStreamResponse")
text_chunk = checker("CreateCompletionResponse")
error = checker("ErrorResponse")
assert not chunk.is_valid({"id": "x"}) and not text_chunk.is_valid({"id": "x"}) and not error.is_valid({"error": {}})

events = 0
say = {"model": model, "messages": [{"role": "user", "content": "Say hello."}], "stream": True, "max_completion_tokens": 6}
for more in ({}, {"n": 2, "seed": 1}, {"logprobs": True, "top_logprobs": 3, "temperature": 0},
             {"stream_options": {"include_usage": True}}, {"stream_options": {"include_obfuscation": True}},
             {"response_format": {"type": "json_object"}}, {"stop": ["a"], "presence_penalty": 1}):
    status, data = post("/v1/chat/completions", {**say, **more})
    assert status == 200, data
    lines = [line.removeprefix("data: ") for line in data.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    for line in lines:
        hold(chunk, json.loads(line), more)
        events += 1
status, data = post("/v1/completions", {"model": model, "prompt": "Once", "stream": True, "max_tokens": 4, "logprobs": 2})
assert status == 200, data
for line in data.split("\n\n"):
    if line and line != "data: [DONE]":
        piece = json.loads(line.removeprefix("data: "))
        # The description has one form for the whole and the streamed answer; before the last piece there is no
        # finish_reason, and OpenAI sends null.
        if piece["choices"][0]["finish_reason"] is None:
            piece["choices"][0]["finish_reason"] = "stop"
        hold(text_chunk, piece, "completions")
        events += 1

for path, body, status in (("/v1/chat/completions", {**say, "messages": []}, 400),
                           ("/v1/chat/completions", {**say, "model": "nobody"}, 404),
                           ("/v1/fine_tuning/jobs", {"model": model, "training_file": "file-no"}, 400),
                           ("/v1/fine_tuning/jobs/ftjob-no/cancel", {}, 404), ("/v1/nowhere", {}, 404)):
    got, data = post(path, body)
    assert got == status, (path, got, data)
    hold(error, json.loads(data), path)
print(f"{events} events\nall well")
