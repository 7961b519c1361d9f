#!/usr/bin/env python3
"""Every export loaded by the packages it is for. Needs a Python with `datasets` (and, for some, `trl`): name it in
IDIOLECT_TRAINER_PYTHON. Without one the test is skipped, and says so."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

PYTHON = os.environ.get("IDIOLECT_TRAINER_PYTHON")

LOAD = """
import json, sys
from datasets import load_dataset
files = json.loads(sys.argv[1])
data = load_dataset("json", data_files=files)
print(json.dumps({name: [part.num_rows, part.column_names, part[0]] for name, part in data.items()}))
"""
CARD = """
import json, sys
from datasets import load_dataset
data = load_dataset(sys.argv[1])
print(json.dumps({name: part.num_rows for name, part in data.items()}))
"""
TRL = """
import json, sys
from datasets import load_dataset
from trl.data_utils import is_conversational, maybe_convert_to_chatml
part = load_dataset("json", data_files=json.loads(sys.argv[1]), split="train")
sharegpt = load_dataset("json", data_files=json.loads(sys.argv[2]), split="train")
print(json.dumps([is_conversational(part[0]), maybe_convert_to_chatml(sharegpt[0])]))
"""


def has(package):
    return subprocess.run([PYTHON, "-c", f"import {package}"], capture_output=True, check=False).returncode == 0


def python(code, *arguments):
    done = subprocess.run([PYTHON, "-c", code, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})
    if done.returncode != 0:
        raise AssertionError(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


class Trainers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.workspace.run("import", ROOT / "examples/ru/result.json")
        cls.workspace.run("people", "--persona", "Наташа")
        cls.built = cls.workspace.json("build")

    def export(self, form):
        done = self.workspace.json("export", "--format", form)
        data = {Path(file["name"]).stem: str(Path(done["dir"]) / file["name"])
                for file in done["files"] if file["samples"] > 0}
        return Path(done["dir"]), data

    def test_datasets_loads_every_form(self):
        columns = {"openai": {"messages"}, "sharegpt": {"conversations"}, "trl": {"prompt", "completion"},
                   "alpaca": {"instruction", "input", "output", "system", "history"}, "llamafactory": {"messages"},
                   "axolotl": {"messages"}, "gemini": {"systemInstruction", "contents"}}
        for form, names in columns.items():
            loaded = python(LOAD, json.dumps(self.export(form)[1]))
            self.assertEqual(sum(part[0] for part in loaded.values()), self.built["pairs"], form)
            self.assertEqual(set(loaded["train"][1]), names, form)

    def test_the_hub_reads_the_card(self):
        parts = python(CARD, self.built["dir"])
        self.assertEqual(parts, {"train": self.built["train"], "validation": self.built["valid"],
                                 "test": self.built["test"]})

    def test_llamafactory_finds_each_file_by_its_info(self):
        folder, _ = self.export("llamafactory")
        info = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
        self.assertEqual(len(info), 3)
        for entry in info.values():
            first = json.loads((folder / entry["file_name"]).read_text(encoding="utf-8"))[0]
            messages = first[entry["columns"]["messages"]]
            tags = entry["tags"]
            roles = [message[tags["role_tag"]] for message in messages]
            self.assertEqual(roles[0], tags["system_tag"])
            self.assertEqual(roles[1::2], [tags["user_tag"]] * len(roles[1::2]))
            self.assertEqual(roles[2::2], [tags["assistant_tag"]] * len(roles[2::2]))

    @unittest.skipUnless(PYTHON and has("trl.data_utils"), "the Python has no trl")
    def test_trl_takes_prompts_and_sharegpt(self):
        conversational, chatml = python(TRL, json.dumps(self.export("trl")[1]), json.dumps(self.export("sharegpt")[1]))
        self.assertTrue(conversational)
        self.assertEqual(chatml["messages"][0]["role"], "system")

    @unittest.skipUnless(PYTHON and has("yaml"), "the Python has no yaml")
    def test_axolotls_configuration_is_yaml_that_names_the_files(self):
        folder, _ = self.export("axolotl")
        code = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))"
        configuration = python(code, str(folder / "axolotl.yaml"))
        for dataset in configuration["datasets"] + configuration["test_datasets"]:
            self.assertTrue((folder / dataset["path"]).is_file())
            self.assertEqual(dataset["message_field_training"], "train")


if __name__ == "__main__":
    if not PYTHON:
        print("skipped: IDIOLECT_TRAINER_PYTHON names no Python with `datasets`")
        sys.exit(77)
    program.main()
