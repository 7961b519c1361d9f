"""Trains a SmolLM2 LoRA on a file of chat lines with TRL's SFTTrainer as its defaults are, for a few steps, and prints the trained
samples per second as one JSON line: a peer of bench/train."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import torch
import transformers
import trl
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
from gguf_models import SMOLLM2, GgufFile, load_model  # pylint: disable=wrong-import-position


class Clock(TrainerCallback):
    def __init__(self, warmup: int):
        self.warmup, self.start, self.end = warmup, 0.0, 0.0

    def on_step_end(self, args, state, control, **kwargs):
        self.end = time.perf_counter()
        if state.global_step == self.warmup:
            self.start = self.end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="folder with the GGUF file")
    parser.add_argument("--lines", type=Path, required=True, help="train.jsonl")
    parser.add_argument("--steps", type=int, default=6, help="measured steps")
    parser.add_argument("--warmup", type=int, default=1, help="steps before them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rank", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [json.loads(line) for line in options.lines.read_text(encoding="utf-8").splitlines() if line.strip()]
    data = Dataset.from_list([{"messages": [{k: m[k] for k in ("role", "content")} for m in line["messages"]]} for line in lines])
    file = GgufFile(options.models, SMOLLM2)
    tokenizer = AutoTokenizer.from_pretrained(options.models, gguf_file=SMOLLM2.file)
    clock = Clock(options.warmup)
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(output_dir=out, max_steps=options.warmup + options.steps, report_to=[], use_cpu=True, save_strategy="no")
        trainer = SFTTrainer(
            model=load_model(file, "sdpa").float(), args=config, train_dataset=data, processing_class=tokenizer,
            peft_config=LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[clock])
        trainer.train()
    batch = config.per_device_train_batch_size * config.gradient_accumulation_steps
    print(json.dumps({
        "program": f"trl {trl.__version__}, transformers {transformers.__version__}, torch {torch.__version__}",
        "samples_per_s": round(options.steps * batch / (clock.end - clock.start), 3),
        "batch": batch, "steps": options.steps, "bf16": bool(config.bf16), "threads": options.threads,
    }))


if __name__ == "__main__":
    main()
