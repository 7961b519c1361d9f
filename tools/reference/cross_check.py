"""Compares the recorded greedy continuations with llama.cpp and with transformers' own GGUF loader. Writes nothing.

llama.cpp rounds activations to 8 bits before its products, so it may leave the recorded path late in a continuation. A wrong
convention (row order, norm shift, rotary base) would make it leave at the first tokens.
"""

import argparse
import json
import logging
from pathlib import Path

import torch
from llama_cpp import Llama
from transformers import AutoModelForCausalLM

from gguf_models import GEMMA3, SMOLLM2, GgufFile, load_model


def llama_greedy(llama: Llama, ids: list[int], count: int) -> list[int]:
    llama.reset()
    generated: list[int] = []
    for token in llama.generate(ids, temp=0.0, repeat_penalty=1.0):
        generated.append(token)
        if len(generated) == count:
            return generated
    return generated


def common_prefix(a: list[int], b: list[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def last_logits(model, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        return model(torch.tensor([ids]), use_cache=False, logits_to_keep=1).logits[0, -1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="folder with the two GGUF files")
    parser.add_argument("--recorded", type=Path, required=True, help="folder with the recordings")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    for source in (SMOLLM2, GEMMA3):
        recorded = json.loads((options.recorded / f"greedy-{source.name}.json").read_text(encoding="utf-8"))
        ours = load_model(GgufFile(options.models, source))
        theirs = AutoModelForCausalLM.from_pretrained(
            options.models, gguf_file=source.file, dtype=torch.float32, attn_implementation="eager"
        )
        llama = Llama(str(options.models / source.file), n_ctx=512, verbose=False)
        for item in recorded["prompts"]:
            ids, generated = item["prompt_ids"], item["generated_ids"]
            other = llama_greedy(llama, ids, len(generated))
            same = common_prefix(generated, other)
            parting = ""
            if same < len(generated):
                logits = last_logits(ours, ids + generated[:same])
                gap = float(logits[generated[same]] - logits[other[same]])
                parting = f" (then takes one whose recorded logit is {gap:.3f} lower)"
            difference = float((last_logits(ours, ids) - last_logits(theirs, ids)).abs().max())
            print(f"{source.name}: llama.cpp agrees on {same} of {len(generated)} tokens{parting}; "
                  f"transformers' loader differs by {difference:.1e} in the logits")


if __name__ == "__main__":
    main()
