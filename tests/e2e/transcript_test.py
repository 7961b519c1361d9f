#!/usr/bin/env python3
"""The curl lines of docs/serve.md, README.md and README.ru.md do what they promise when typed: each shell block is run
line by line, with the server's port and the ids of the answers before filled in."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import program
from program import ROOT
from server import BASE, Server, training_file

DOCUMENTS = ("docs/serve.md", "README.md", "README.ru.md")


def curl_lines(document):
    lines = []
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.S):
        lines += [line for line in block.replace("\\\n", " ").splitlines() if line.startswith("curl ")]
    return lines


class Transcripts(unittest.TestCase):
    def test_every_line(self):
        with Server("--threads", 2) as server, tempfile.TemporaryDirectory() as folder:
            Path(folder, "train.jsonl").write_bytes(training_file())
            for document in DOCUMENTS:
                lines = curl_lines(document)
                self.assertTrue(lines, document)
                known = {"MODEL_ID": BASE}
                for line in lines:
                    line = line.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
                    for name, value in known.items():
                        line = line.replace(name, value)
                    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=folder, check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    answer = json.loads(done.stdout)
                    self.assertIsNone(answer.get("error"), line)
                    kind = answer["object"]
                    if kind == "file":
                        known["FILE_ID"] = answer["id"]
                    elif kind == "fine_tuning.job":
                        known["JOB_ID"] = answer["id"]
                        known["MODEL_ID"] = server.follow(answer["id"])["fine_tuned_model"]
                    elif kind == "chat.completion":
                        self.assertTrue(answer["choices"][0]["message"]["content"])
                    else:
                        self.assertEqual(kind, "list")


if __name__ == "__main__":
    program.main(BASE)
