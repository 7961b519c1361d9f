"""Trains a SmolLM2 LoRA with PEFT for a few steps and prints the speed as one JSON line: a peer for our own benchmark.

The text is noise: speed does not depend on it. Every position is a target, so the loss covers the whole vocabulary at every
position, which is what a packed batch costs a plain PyTorch trainer.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model

from gguf_models import SMOLLM2, GgufFile, load_model

PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="folder with the GGUF file")
    parser.add_argument("--tokens", type=int, default=512, help="length of the one packed sequence of a step")
    parser.add_argument("--targets", type=float, default=1.0, help="share of the positions, at the end, that count")
    parser.add_argument("--steps", type=int, default=10, help="measured steps")
    parser.add_argument("--warmup", type=int, default=2, help="steps before them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--dtype", choices=["bf16", "f32"], default="bf16", help="of the base weights; adapters are f32")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    dtype = {"bf16": torch.bfloat16, "f32": torch.float32}[options.dtype]
    base = load_model(GgufFile(options.models, SMOLLM2), options.attention).to(dtype)
    config = LoraConfig(
        r=options.rank, lora_alpha=2 * options.rank, lora_dropout=0.0, target_modules=PROJECTIONS, task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, config).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    ids = torch.randint(100, base.config.vocab_size, (1, options.tokens))
    labels = ids.clone()
    labels[:, : options.tokens - round(options.targets * options.tokens)] = -100

    seconds = []
    for step in range(options.warmup + options.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        # autocast lets the f32 adapters meet the bf16 activations, as PEFT's own trainers do.
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = model(input_ids=ids, labels=labels, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        if step >= options.warmup:
            seconds.append(time.perf_counter() - start)

    print(json.dumps({
        "program": f"peft {peft.__version__}, transformers {transformers.__version__}, torch {torch.__version__}",
        "model": SMOLLM2.file,
        "dtype": options.dtype,
        "rank": options.rank,
        "tokens": options.tokens,
        "targets": options.targets,
        "attention": options.attention,
        "threads": options.threads,
        "steps": options.steps,
        "median_step_s": round(statistics.median(seconds), 4),
        "tokens_per_s": round(options.tokens / statistics.median(seconds), 1),
        "loss": round(loss.item(), 4),
    }))


if __name__ == "__main__":
    main()
