#!/usr/bin/env python3
"""`run` on the English example with SmolLM2's real weights and few steps: every file it leaves, that a second run does
nothing, and that the model answers."""

import json
import struct
import unittest
from pathlib import Path

import program
from program import ROOT, Workspace

ENGLISH = ROOT / "examples/en/result.json"
STEPS = 4
RUN = ("run", ENGLISH, "--persona", "Maya", "--model", "smollm2-135m-instruct", "--max-steps", STEPS,
       "--pack-tokens", 256, "--rank", 8)
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
LAYERS = 30


def tensors(path):
    """The header of a safetensors file: name -> shape."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.report = cls.workspace.json(*RUN)

    def test_every_stage_ran_and_says_what_it_did(self):
        for stage in ("import", "build", "finetune", "answers"):
            self.assertTrue(self.report[stage]["ran"], stage)
        job = self.report["finetune"]["result"]
        self.assertEqual(job["status"], "succeeded")
        self.assertEqual(job["model"], "smollm2-135m-instruct")
        losses = self.workspace.rows("SELECT step FROM job_events WHERE type = 'metrics' AND step > 0")
        self.assertLessEqual({step for (step,) in losses}, set(range(1, STEPS + 1)))

    def test_the_adapter_is_as_peft_saves_it(self):
        folder = Path(self.report["finetune"]["result"]["adapter"])
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        self.assertEqual(config["peft_type"], "LORA")
        self.assertEqual(config["r"], 8)
        self.assertEqual(set(config["target_modules"]), set(PROJECTIONS))
        shapes = tensors(folder / "adapter_model.safetensors")
        self.assertEqual(len(shapes), LAYERS * len(PROJECTIONS) * 2)
        self.assertEqual(shapes["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"], [8, 576])
        self.assertEqual(shapes["base_model.model.model.layers.29.mlp.up_proj.lora_B.weight"], [1536, 8])

    def test_what_is_written_for_other_programs_answers_the_same(self):
        def say(*model):
            return self.workspace.run("chat", *model, "--message", "Where do we meet tomorrow?", "--temperature", 0,
                                      "--max-tokens", 24, "--precision", "f32")[0]

        own = say("--no-system")
        self.assertTrue(own.strip())
        folder = Path(self.report["finetune"]["result"]["adapter"]).parent
        merged = self.workspace.json("models", "export", "--type", "f32", "--out", folder / "merged.gguf")
        self.assertEqual(merged["form"], "gguf")
        self.assertEqual(say("--model", merged["path"]), own)
        modelfile = (folder / "merged.Modelfile").read_text(encoding="utf-8")
        self.assertIn("FROM ./merged.gguf", modelfile)
        self.assertIn('PARAMETER stop "<|im_end|>"', modelfile)
        Path(merged["path"]).unlink()
        hub = self.workspace.json("models", "export", "--as", "safetensors", "--type", "f32", "--out", folder / "hub")
        self.assertEqual(say("--model", hub["path"]), own)
        config = json.loads((folder / "hub/config.json").read_text(encoding="utf-8"))
        self.assertEqual(config["architectures"], ["LlamaForCausalLM"])
        lora = self.workspace.json("models", "export", "--as", "gguf-lora")
        self.assertEqual(Path(lora["path"]).read_bytes()[:4], b"GGUF")
        self.workspace.run("models", "export", "--as", "peft", "--type", "q8_0", status=2)

    def test_five_answers_stand_side_by_side(self):
        job = self.report["finetune"]["result"]["id"]
        saved = json.loads((self.workspace.path / "results" / f"{job}.json").read_text(encoding="utf-8"))
        self.assertEqual(saved, self.report["answers"]["result"])
        text = json.dumps(saved, ensure_ascii=False)
        rows = next(value for value in saved.values() if isinstance(value, list))
        self.assertEqual(len(rows), 5)
        dataset = Path(self.report["build"]["result"]["dir"])
        real = [json.loads(line)["messages"][-1]["content"]
                for line in (dataset / "test.jsonl").read_text(encoding="utf-8").splitlines()]
        quoted = sum(json.dumps(answer, ensure_ascii=False) in text for answer in real)
        self.assertGreaterEqual(quoted, 5)
        self.assertIn("Maya Linden", (self.workspace.path / "results" / f"{job}.md").read_text(encoding="utf-8"))

    def test_a_second_run_does_nothing_and_explains(self):
        again = self.workspace.json(*RUN)
        for stage in ("import", "build", "finetune", "answers"):
            self.assertFalse(again[stage]["ran"], stage)
        self.assertEqual(again["finetune"]["result"]["id"], self.report["finetune"]["result"]["id"])
        words = self.workspace.run(*RUN, "--explain")[1]
        for stage in ("import:", "build:", "finetune:", "answers:"):
            self.assertIn(stage, words)

    def test_the_model_answers_the_same_with_the_same_seed(self):
        ask = ("chat", "--message", "What do I do about slugs?", "--max-tokens", 24)
        cold = self.workspace.run(*ask, "--temperature", 0)[0]
        self.assertTrue(cold.strip())
        self.assertEqual(cold, self.workspace.run(*ask, "--temperature", 0)[0])
        warm = self.workspace.run(*ask, "--temperature", 0.9, "--seed", 5)[0]
        self.assertEqual(warm, self.workspace.run(*ask, "--temperature", 0.9, "--seed", 5)[0])

    def test_the_log_holds_no_texts_and_no_names(self):
        secrets = program.words_of_export(ENGLISH)
        self.assertGreater(len(secrets), 100)
        self.assertTrue({"Maya", "Maya Linden"} <= secrets)
        # A command that fails, with the name in its words, and an answer to a question.
        self.workspace.run("build", "--persona", "Ulrich Nobody", status=2)
        said = self.workspace.run("chat", "--message", "A question that is not in the export", "--temperature", 0,
                                  "--max-tokens", 24)[0]
        log = program.check_log(self.workspace, {*secrets, "Ulrich", "A question that", said.strip()})
        self.assertIn("succeeded", log)
        self.assertIn("a command failed", log)

    def test_status_is_all_done(self):
        states = {stage["stage"]: stage["state"] for stage in self.workspace.json("status")["stages"]}
        for stage in ("import", "persona", "build", "finetune", "answers"):
            self.assertEqual(states[stage], "done", stage)


if __name__ == "__main__":
    program.main("smollm2-135m-instruct")
