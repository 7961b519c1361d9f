"""Records what the engine's tests compare against. See README.md beside this file for what each recording holds."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from llama_cpp import Llama
from peft import LoraConfig, get_peft_model

import inputs
from gguf_models import GEMMA3, SMOLLM2, GgufFile, load_model
from gguf_tokenizers import ReferenceTokenizer, load_tokenizer

STEPS_GREEDY = 48
STEP_RECORDED = 32
LOGIT_SAMPLES = 256
LOGIT_TOP = 64
SMALLEST_GAP = 1e-2  # between the best and the second logit; float noise is a hundred times smaller

LORA_RANK = 8
LORA_ALPHA = 16
LORA_STEPS = 20
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

LORA_INIT = (
    "B = 0. A: state = FNV-1a-64 of the tensor name in UTF-8 (offset 14695981039346656037, prime 1099511628211); elements in "
    "row-major order, each u = (splitmix64_next(state) >> 40) / 2^24, value = (2u - 1) / sqrt(in_features) in double, rounded "
    "to f32. splitmix64_next: state += 0x9e3779b97f4a7c15; z = state; z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9; "
    "z = (z ^ (z >> 27)) * 0x94d049bb133111eb; return z ^ (z >> 31)"
)


def write(folder: Path, name: str, content: dict) -> None:
    """One line per list entry at the top two levels keeps the files compact and their diffs readable."""

    def dump(value) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    fields = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            fields.append(f"{dump(key)}:[\n" + ",\n".join(map(dump, value)) + "\n]")
        else:
            fields.append(f"{dump(key)}:{dump(value)}")
    text = "{" + ",\n".join(fields) + "}\n"
    (folder / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(text.encode()) // 1024} KiB", flush=True)


def header(file: GgufFile) -> dict:
    return {"model": file.source.file, "sha256": file.source.sha256}


# Tokenizers


def record_tokenizer(file: GgufFile, tokenizer: ReferenceTokenizer, models: Path, out: Path) -> None:
    llama = Llama(str(models / file.source.file), vocab_only=True, verbose=False)

    def entry(text: str, ids: list[int], special: bool) -> dict:
        result = {"text": text, "ids": ids}
        decoded = tokenizer.decode(ids)
        if decoded != text:
            result["decoded"] = decoded
        second = llama.tokenize(text.encode(), add_bos=False, special=special) if text else []
        if second != ids:
            result["llama_cpp_ids"] = second
        return result

    plain = [entry(text, tokenizer.encode_text(text), special=False) for text in inputs.TOKENIZER_TEXTS]
    special = [entry(text, tokenizer.encode(text), special=True) for text in inputs.SPECIAL_TEXTS[file.source.name]]
    write(out, f"tokenizer-{file.source.name}.json", header(file) | {"texts": plain, "special": special})
    for item in plain + special:
        if "llama_cpp_ids" in item:
            print(f"llama.cpp disagrees on {item['text']!r}")


# Logits and greedy continuations


def last_logits(model, ids: list[int]) -> torch.Tensor:
    # The whole sequence again for every token: slow, but no cache can be wrong.
    with torch.inference_mode():
        return model(torch.tensor([ids]), use_cache=False, logits_to_keep=1).logits[0, -1]


def sample_logits(logits: torch.Tensor, exact: torch.Tensor) -> dict:
    """The top logits, evenly spaced others, and sums over all. `exact` is the same from products in double precision."""
    size = logits.numel()
    chosen = set(logits.topk(LOGIT_TOP).indices.tolist())
    for i in range(LOGIT_SAMPLES):
        if len(chosen) == LOGIT_SAMPLES:
            break
        chosen.add(i * size // LOGIT_SAMPLES)
    indices = sorted(chosen)
    wide = logits.double()
    return {
        "size": size,
        "indices": indices,
        "values": [round(value, 5) for value in wide[indices].tolist()],
        "argmax": int(logits.argmax()),
        "max": round(float(wide.max()), 5),
        "sum": round(float(wide.sum()), 3),
        "logsumexp": round(float(wide.logsumexp(0)), 5),
        "f32_error": float(f"{(wide - exact.double()).abs().max():.2e}"),
    }


def greedy(model, ids: list[int]) -> tuple[list[int], float]:
    generated: list[int] = []
    smallest_gap = math.inf
    for _ in range(STEPS_GREEDY):
        best = last_logits(model, ids + generated).topk(2)
        smallest_gap = min(smallest_gap, float(best.values[0] - best.values[1]))
        generated.append(int(best.indices[0]))
    return generated, smallest_gap


class LogitsRecorder:
    def __init__(self, file: GgufFile):
        self.model = load_model(file)
        self.exact_model = load_model(file).double()

    def after(self, ids: list[int]) -> dict:
        return sample_logits(last_logits(self.model, ids), last_logits(self.exact_model, ids))


def begin_ids(file: GgufFile) -> list[int]:
    return [file.get("tokenizer.ggml.bos_token_id")] if file.get("tokenizer.ggml.add_bos_token") else []


def record_greedy(file: GgufFile, tokenizer: ReferenceTokenizer, out: Path) -> None:
    recorder = LogitsRecorder(file)
    end = file.get("tokenizer.ggml.eos_token_id")
    prompts = []
    for text in inputs.GREEDY_PROMPTS[file.source.name]:
        ids = begin_ids(file) + tokenizer.encode(text)
        generated, gap = greedy(recorder.model, ids)
        if gap < SMALLEST_GAP or end in generated:
            raise SystemExit(f"choose another prompt than {text!r}: gap {gap}, or it ends early")
        prompts.append({
            "prompt": text,
            "prompt_ids": ids,
            "generated_ids": generated,
            "generated": tokenizer.decode(generated),
            "smallest_gap": round(gap, 4),
            "prompt_logits": recorder.after(ids),
            "step_logits": recorder.after(ids + generated[:STEP_RECORDED]),
        })
    content = header(file) | {"step": STEP_RECORDED, "prompts": prompts}
    write(out, f"greedy-{file.source.name}.json", content)


def record_long(file: GgufFile, tokenizer: ReferenceTokenizer, out: Path) -> None:
    """One prompt longer than the sliding window, so that the window and its edge matter."""
    recorder = LogitsRecorder(file)
    ids = begin_ids(file) + tokenizer.encode(inputs.LONG_PROMPT)
    window = recorder.model.config.sliding_window
    expected = last_logits(recorder.model, ids)
    change = {}
    for other in (window - 1, window + 1, 1 << 20):
        change[other] = float((last_logits(load_model(file, window=other), ids) - expected).abs().max())
    print(f"logits change by {change} with other windows")
    if len(ids) <= 600 or min(change.values()) < 0.01:
        raise SystemExit(f"the long prompt does not test the window: {len(ids)} tokens, logits change by {change}")
    content = header(file) | {
        "window": window,
        "prompt": inputs.LONG_PROMPT,
        "prompt_ids": ids,
        # How far some logit moves if the window is one token off, or absent: any tolerance must stay below this.
        "change_with_window": [{"window": other, "max_change": round(value, 4)} for other, value in change.items()],
        "prompt_logits": recorder.after(ids),
    }
    write(out, f"long-{file.source.name}.json", content)


# LoRA


def fnv1a(name: str) -> int:
    value = 14695981039346656037
    for byte in name.encode():
        value = ((value ^ byte) * 1099511628211) % 2**64
    return value


def splitmix64(seed: int, count: int) -> np.ndarray:
    """The first `count` outputs; the n-th state is seed + n * gamma, which lets numpy do them all at once."""
    state = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def lora_tensors(model) -> dict[str, torch.nn.Parameter]:
    """By the names PEFT uses in adapter_model.safetensors: without the adapter's own name."""
    return {name.replace(".default.", "."): p for name, p in model.named_parameters() if p.requires_grad}


def add_lora(base):
    config = LoraConfig(
        r=LORA_RANK, lora_alpha=LORA_ALPHA, lora_dropout=0.0, target_modules=PROJECTIONS, task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, config)
    for name, parameter in lora_tensors(model).items():
        if ".lora_B." in name:
            assert not parameter.any()
            continue
        uniform = (splitmix64(fnv1a(name), parameter.numel()) >> np.uint64(40)).astype(np.float64) / 2**24
        values = ((2 * uniform - 1) / math.sqrt(parameter.shape[1])).astype(np.float32)
        parameter.data.copy_(torch.from_numpy(values).view_as(parameter))
    return model


def sequence(tokenizer: ReferenceTokenizer, text: str) -> dict:
    context, learned = text.split(inputs.TARGET)
    ids = tokenizer.encode(context)
    start = len(ids)
    ids += tokenizer.encode(learned)
    if not 40 <= len(ids) <= 64:
        raise SystemExit(f"a sequence has {len(ids)} tokens: {text!r}")
    return {"ids": ids, "target_start": start}


def batch_loss(model, batch: list[dict], backward: bool) -> float:
    """Mean over all learned tokens of the batch, one sequence at a time so that padding cannot matter."""
    count = sum(len(item["ids"]) - item["target_start"] for item in batch)
    total = 0.0
    for item in batch:
        ids = torch.tensor([item["ids"]])
        start = item["target_start"]
        logits = model(input_ids=ids, use_cache=False).logits[0, start - 1 : -1]
        loss = torch.nn.functional.cross_entropy(logits, ids[0, start:], reduction="sum") / count
        if backward:
            loss.backward()
        total += loss.item()
    return total


def norms(tensors: dict[str, torch.Tensor]) -> list[dict]:
    return [{"name": name, "norm": float(f"{tensor.double().norm():.7g}")} for name, tensor in tensors.items()]


def train(file: GgufFile, batches: list[list[dict]], dtype: torch.dtype) -> dict:
    base = load_model(file)
    with torch.no_grad():
        base_losses = [batch_loss(base.to(dtype), batch, backward=False) for batch in batches]
    model = add_lora(base.float()).to(dtype).train()  # the initial values are f32 in both precisions
    tensors = lora_tensors(model)
    parameters = list(tensors.values())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    last_layer = base.config.num_hidden_layers - 1
    watched = [name for name in tensors if ".layers.0." in name or f".layers.{last_layer}." in name]
    result = {"base_loss": base_losses, "steps": []}
    for step in range(LORA_STEPS):
        batch = step % len(batches)
        optimizer.zero_grad()
        loss = batch_loss(model, batches[batch], backward=True)
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, math.inf))  # only measures
        if step < 2:
            # Before the second step B is no longer zero, so the gradients of A can be compared too.
            kind = "lora_B" if step == 0 else "lora_A"
            grads = {name: tensors[name].grad for name in watched if kind in name}
            result[f"grad_norms_step_{step + 1}"] = norms(grads)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        result["steps"].append({"batch": batch, "loss": loss, "grad_norm": norm})
    with torch.no_grad():
        result["final_loss"] = [batch_loss(model, batch, backward=False) for batch in batches]
    result["final_norms"] = norms({name: tensors[name].data for name in watched})
    return result


def record_lora(file: GgufFile, tokenizer: ReferenceTokenizer, out: Path) -> None:
    batches = [[sequence(tokenizer, text) for text in batch] for batch in inputs.LORA_BATCHES[file.source.name]]
    run = train(file, batches, torch.float32)
    exact = train(file, batches, torch.float64)
    for step, exact_step in zip(run["steps"], exact["steps"]):
        step["loss_f64"] = round(exact_step["loss"], 7)
        step["grad_norm_f64"] = round(exact_step["grad_norm"], 6)
        step["loss"] = round(step["loss"], 7)
        step["grad_norm"] = round(step["grad_norm"], 6)
    probe = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    first = (splitmix64(fnv1a(probe), 4) >> np.uint64(40)).astype(np.float64) / 2**24
    hidden = file.arch("embedding_length")
    content = header(file) | {
        "rank": LORA_RANK,
        "alpha": LORA_ALPHA,
        "projections": PROJECTIONS,
        "init": LORA_INIT,
        "init_example": {
            "name": probe,
            "seed": str(fnv1a(probe)),
            "values": [float(np.float32(value)) for value in (2 * first - 1) / math.sqrt(hidden)],
        },
        "optimizer": {"name": "adamw", "lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
        "max_grad_norm": 1.0,
        "sequences": [{"batch": i} | item for i, batch in enumerate(batches) for item in batch],
        "base_loss": [round(loss, 7) for loss in run["base_loss"]],
        "steps": run["steps"],
        "final_loss": [round(loss, 7) for loss in run["final_loss"]],
        "final_loss_f64": [round(loss, 7) for loss in exact["final_loss"]],
        "grad_norms_step_1": run["grad_norms_step_1"],
        "grad_norms_step_2": run["grad_norms_step_2"],
        "final_norms": run["final_norms"],
    }
    write(out, f"lora-{file.source.name}.json", content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="folder with the two GGUF files")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the recordings to")
    parser.add_argument("--only", choices=["tokenizer", "greedy", "long", "lora"], help="one kind of recording")
    options = parser.parse_args()
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)
    for source in (SMOLLM2, GEMMA3):
        file = GgufFile(options.models, source)
        tokenizer = load_tokenizer(file)
        if options.only in (None, "tokenizer"):
            record_tokenizer(file, tokenizer, options.models, options.out)
        if options.only in (None, "greedy"):
            record_greedy(file, tokenizer, options.out)
        if options.only in (None, "long") and source is GEMMA3:
            record_long(file, tokenizer, options.out)
        if options.only in (None, "lora"):
            record_lora(file, tokenizer, options.out)


if __name__ == "__main__":
    main()
