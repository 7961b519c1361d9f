#!/usr/bin/env python3
"""Records what transformers computes for a small random model of every family: tests/reference/families.json.

    VENV/bin/python family_models.py        # the environment of README.md; a minute

The weights are not recorded but made from their names, here as in the tests: for each tensor, splitmix64
seeded with the FNV-1a-64 of its name, filled row by row with u = (next() >> 40) / 2^24 in double. A norm's
weight is 1 + 0.6 (u - 0.5), Gemma's, which has 1 added later, 0.6 (u - 0.5); a bias 0.4 (u - 0.5); any other
tensor (u - 0.5) * AMPLITUDE / sqrt(columns).
"""

import json
from pathlib import Path

import numpy
import torch
import transformers

OUT = Path(__file__).resolve().parents[2] / "tests/reference/families.json"
AMPLITUDE = 7.0
GREEDY = 72
SMALLEST_GAP = 4e-3  # between the best and the second logit; float noise is a hundred times smaller

SIZES = dict(vocab_size=272, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=512, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
             pad_token_id=0, attention_dropout=0.0)


def rope(theta, **more):
    return {"rope_type": more.pop("rope_type", "default"), "rope_theta": theta, **more}


def families():
    """Name, configuration."""
    t = transformers
    yield "llama 2", t.LlamaConfig(**{**SIZES, "num_key_value_heads": 4}, rope_parameters=rope(1e4))
    yield "llama 3.1", t.LlamaConfig(**SIZES, tie_word_embeddings=True, rope_parameters=rope(
        5e5, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64))
    yield "llama linear", t.LlamaConfig(**SIZES, rope_parameters=rope(1e4, rope_type="linear", factor=4.0))
    yield "mistral", t.MistralConfig(**SIZES, head_dim=24, sliding_window=19, rope_parameters=rope(1e4))
    yield "qwen2", t.Qwen2Config(**SIZES, tie_word_embeddings=True, rope_parameters=rope(1e6))
    yield "qwen2 yarn", t.Qwen2Config(**SIZES, rope_parameters=rope(
        1e4, rope_type="yarn", factor=4.0, original_max_position_embeddings=128))
    yield "qwen2 windows", t.Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=17, max_window_layers=1,
                                         rope_parameters=rope(1e6))
    yield "qwen3", t.Qwen3Config(**SIZES, head_dim=24, tie_word_embeddings=True, rope_parameters=rope(1e6))
    yield "gemma3", t.Gemma3TextConfig(**SIZES, head_dim=24, query_pre_attn_scalar=20, sliding_window=15,
                                       # With the usual tied head a random model says one word for ever.
                                       tie_word_embeddings=False,
                                       layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                                       rope_parameters={"full_attention": rope(1e6), "sliding_attention": rope(1e4)})
    yield "phi3", t.Phi3Config(**SIZES, sliding_window=21, rope_parameters=rope(1e4))
    yield "phi4 mini", t.Phi3Config(
        **{**SIZES, "max_position_embeddings": 1024}, original_max_position_embeddings=256, tie_word_embeddings=True,
        rope_parameters=rope(1e4, rope_type="longrope", partial_rotary_factor=0.75,
                             short_factor=[1.0, 1.05, 1.1, 1.2, 1.3, 1.5],
                             long_factor=[1.0, 1.2, 1.5, 2.0, 4.0, 8.0], original_max_position_embeddings=256))


def stream(name, count):
    """The numbers u of a tensor."""
    seed = 14695981039346656037
    for byte in name.encode():
        seed = ((seed ^ byte) * 1099511628211) % 2**64
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    return (z >> numpy.uint64(40)).astype(numpy.float64) / 2**24


def fill(model, gemma):
    tensors = {}
    tied = model.config.tie_word_embeddings
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and tied:
            continue
        u = stream(name, tensor.numel()) - 0.5
        if "norm" in name:
            values = 0.6 * u + (0 if gemma else 1)
        elif name.endswith(".bias"):
            values = 0.4 * u
        else:
            values = u * AMPLITUDE / tensor.shape[-1] ** 0.5
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(values.astype(numpy.float32)).reshape(tensor.shape))
        tensors[name] = list(tensor.shape)
    if tied:
        model.tie_weights()
    return tensors


def greedy(model, prompt):
    """Ids, logits after the prompt and after the last but one id, and the smallest gap on the way."""
    ids = list(prompt)
    first = last = None
    gap = float("inf")
    with torch.no_grad():
        for _ in range(GREEDY):
            last = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
            first = last if first is None else first
            top = torch.topk(last, 2).values
            gap = min(gap, float(top[0] - top[1]))
            if gap < SMALLEST_GAP:
                break
            ids.append(int(last.argmax()))
    return ids[len(prompt):], first, last, gap


def rounded(logits):
    return [float(f"{x:.6g}") for x in logits.tolist()]


def main():
    torch.set_num_threads(1)
    recorded = []
    for name, config in families():
        config._attn_implementation = "eager"
        model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
        tensors = fill(model, config.model_type.startswith("gemma"))
        for attempt in range(200):
            prompt = [int(x) for x in numpy.random.default_rng(attempt).integers(3, 250, 12)]
            ids, first, last, gap = greedy(model, prompt)
            if gap >= SMALLEST_GAP and len(set(ids)) > 6:
                break
        else:
            raise SystemExit(f"{name}: no prompt keeps clear of ties")
        saved = json.loads(config.to_json_string(use_diff=False))
        kept = {key: value for key, value in saved.items() if value is not None and not key.startswith("_")
                and key not in ("transformers_version", "id2label", "label2id", "architectures", "return_dict")}
        kept["model_type"] = config.model_type
        recorded.append({"family": name, "config": kept, "tensors": tensors, "prompt_ids": prompt, "generated_ids": ids,
                         "smallest_gap": gap, "prompt_logits": rounded(first), "last_logits": rounded(last)})
        print(name, "attempt", attempt, "gap", round(gap, 4), "distinct", len(set(ids)), flush=True)
    text = "{\"amplitude\":" + str(AMPLITUDE) + ",\n\"transformers\":\"" + transformers.__version__ + "\",\n\"models\":[\n"
    text += ",\n".join(json.dumps(one, separators=(",", ":")) for one in recorded) + "\n]}\n"
    OUT.write_text(text, encoding="utf-8")
    print(OUT, len(text) // 1024, "KiB")


if __name__ == "__main__":
    main()
