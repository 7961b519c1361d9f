"""Records what TRL's own DPOTrainer computes on a few pairs: tests/reference/dpo-smollm2.json.

The trainer tokenizes the pairs and computes each step's loss (`compute_loss`), with a LoRA adapter that begins as record.py's does, so that
no random generator has to be shared; AdamW at a constant rate and clipping follow as in record.py. Recorded are the pairs' ids as the
trainer has them, and of each step the loss, the gradient's norm before clipping, the mean margin of the rewards and the share of pairs
whose chosen answer gained; loss and norm once more from double precision.

    VENV/bin/python record_preference.py --models DIR --out ../../tests/reference
"""

import argparse
import math
import tempfile
from pathlib import Path

import datasets
import torch
import transformers
import trl

from gguf_models import SMOLLM2, GgufFile, load_model
from gguf_tokenizers import load_tokenizer
from record import LORA_ALPHA, LORA_RANK, add_lora, header, lora_tensors, write

BETA = 0.1
RATE = 1e-3
STEPS = 12
MOST_NORM = 1.0
PAIRS = [
    ("Are you coming to the lake on Sunday?", " if the bus runs, yes! bring the old towel", " I am an assistant and cannot travel."),
    ("What did Ann say about the bike?", " two bolts left over and it rides fine, don't ask", " Ann said that the bicycle is in good condition."),
    ("Soup again?", " soup again, no regrets", " Yes, soup is a healthy and delicious choice for dinner!"),
    ("Did the train come?", " of course it was late, I read half the book", " Trains are a convenient way to travel."),
]  # fmt: skip


def make_trainer(file, dtype, folder):
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=load_tokenizer(file).tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    base = load_model(file)
    model = add_lora(base.float()).to(dtype)
    config = trl.DPOConfig(
        output_dir=folder, beta=BETA, report_to=[], use_cpu=True, max_length=None, per_device_train_batch_size=2, disable_dropout=True,
        gradient_checkpointing=False, bf16=False, dataset_num_proc=None,
    )  # fmt: skip
    rows = datasets.Dataset.from_list([{"prompt": p, "chosen": c, "rejected": r} for p, c, r in PAIRS])
    return trl.DPOTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer)


def train(trainer):
    model = trainer.model.train()
    # A trained adapter is its own reference for the trainer; this one begins as the base, so it is the same.
    tensors = {name: p for name, p in lora_tensors(model).items() if ".ref." not in name}
    parameters = list(tensors.values())
    rows = [trainer.train_dataset[i] for i in range(len(PAIRS))]
    batches = [trainer.data_collator(rows[i : i + 2]) for i in range(0, len(rows), 2)]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    steps = []
    for step in range(STEPS):
        optimizer.zero_grad()
        trainer._metrics["train"].clear()
        loss = trainer.compute_loss(model, dict(batches[step % len(batches)]))
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, math.inf))  # only measures
        torch.nn.utils.clip_grad_norm_(parameters, MOST_NORM)
        optimizer.step()
        metrics = {name: values[-1] for name, values in trainer._metrics["train"].items()}
        steps.append({"loss": float(loss), "grad_norm": norm, "margin": metrics["rewards/margins"], "accuracy": metrics["rewards/accuracies"]})
    return rows, steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    file = GgufFile(options.models, SMOLLM2)
    with tempfile.TemporaryDirectory() as folder:
        rows, steps = train(make_trainer(file, torch.float32, folder))
        _, exact = train(make_trainer(file, torch.float64, folder))
    for step, precise in zip(steps, exact):
        step["loss_f64"] = round(precise["loss"], 7)
        step["grad_norm_f64"] = round(precise["grad_norm"], 6)
        step["loss"], step["grad_norm"] = round(step["loss"], 7), round(step["grad_norm"], 6)
        step["margin"] = round(step["margin"], 6)
    write(options.out, "dpo-smollm2.json", header(file) | {
        "trl": trl.__version__, "rank": LORA_RANK, "alpha": LORA_ALPHA, "beta": BETA, "max_grad_norm": MOST_NORM,
        "optimizer": {"name": "adamw", "lr": RATE, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
        "pairs": [{"batch": i // 2} | {key: rows[i][key] for key in ("prompt_ids", "chosen_ids", "rejected_ids")} for i in range(len(rows))],
        "steps": steps,
    })  # fmt: skip


if __name__ == "__main__":
    main()
