"""The second half of bench/parity: compares what lies in its folder, and what other programs make of it, with our base and adapter.

    parity.py FOLDER [--peers]     with --peers: also transformers and PEFT (f32, eager attention), and llama-cpp-python

The last line is JSON. Needs nothing but Python without --peers.
"""

import argparse
import array
import json
import math
from pathlib import Path

GENERATE = 32


def spread(logits):
    mean = sum(logits) / len(logits)
    return math.sqrt(sum((x - mean) ** 2 for x in logits) / len(logits))


def own(folder, name):
    rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    values = array.array("f", (folder / f"{name}.logits").read_bytes())
    size = len(values) // len(rows)
    return [(row["greedy"], values[i * size : (i + 1) * size]) for i, row in enumerate(rows)], [row["prompt"] for row in rows]


def with_transformers(model, prompts):
    import torch

    results = []
    with torch.inference_mode():
        for ids in prompts:
            step = model(torch.tensor([ids]), use_cache=True, logits_to_keep=1)
            first, greedy = step.logits[0, -1].float().tolist(), []
            for _ in range(GENERATE):
                greedy.append(int(step.logits[0, -1].argmax()))
                step = model(torch.tensor([greedy[-1:]]), past_key_values=step.past_key_values, use_cache=True)
            results.append((greedy, first))
    return results


def with_llama_cpp(path, prompts, lora=None):
    import llama_cpp
    import numpy

    model = llama_cpp.Llama(str(path), n_ctx=512, n_threads=2, n_threads_batch=2, verbose=False, logits_all=True,
                            lora_path=None if lora is None else str(lora))
    results = []
    for ids in prompts:
        model.reset()
        model.eval(ids)
        first, greedy = None, []
        for _ in range(GENERATE):
            logits = numpy.array(model.scores[model.n_tokens - 1])
            first = logits.tolist() if first is None else first
            greedy.append(int(logits.argmax()))
            model.eval([greedy[-1]])
        results.append((greedy, first))
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    folder = options.folder
    reference, prompts = own(folder, "adapter")
    found = {"our merged safetensors, f32": own(folder, "merged")[0]}
    for kind in ("f32", "f16", "bf16", "q8_0", "q4_0"):
        found[f"our merged GGUF, {kind}"] = own(folder, kind)[0]
    if options.peers:
        import peft
        import torch
        import transformers

        def load(path):
            return transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager")

        found[f"transformers {transformers.__version__}, merged safetensors"] = with_transformers(load(folder / "merged"), prompts)
        adapted = peft.PeftModel.from_pretrained(load(folder / "base"), folder / "peft").eval()
        found[f"PEFT {peft.__version__}, base and adapter"] = with_transformers(adapted, prompts)
        import llama_cpp

        name = f"llama.cpp ({llama_cpp.__version__})"
        for kind in ("f32", "f16", "bf16", "q8_0", "q4_0"):
            found[f"{name}, merged GGUF, {kind}"] = with_llama_cpp(folder / f"{kind}.gguf", prompts)
        found[f"{name}, base and --lora"] = with_llama_cpp(folder / "base.gguf", prompts, folder / "lora.gguf")
    figures = {}
    print(f"| beside our base and adapter, {len(prompts)} prompts | same first tokens of {GENERATE} | largest difference of a logit, in spreads |")
    print("| --- | --- | --- |")
    for name, results in found.items():
        same = min(next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), GENERATE)
                   for (ours, _), (theirs, _) in zip(reference, results))
        worst = max(max(abs(a - b) for a, b in zip(ours, theirs)) / spread(ours) for (_, ours), (_, theirs) in zip(reference, results))
        figures[name] = {"same": same, "logit": worst}
        print(f"| {name} | {'all' if same == GENERATE else same} | {worst:.2g} |")
    print(json.dumps({"bench": "parity", "prompts": len(prompts), "generate": GENERATE, "forms": figures}))


main()
