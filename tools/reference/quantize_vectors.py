#!/usr/bin/env python3
"""Records what ggml's own rules make of some blocks of numbers: tests/reference/quantize-vectors.jsonl.

    pip install gguf numpy && python tools/reference/quantize_vectors.py

Random blocks of several sizes, and ugly ones: zeros, one number, ties, a largest number of either sign.
"""

import json
from pathlib import Path

import gguf
import numpy

OUT = Path(__file__).resolve().parents[2] / "tests/reference/quantize-vectors.jsonl"


def blocks():
    random = numpy.random.default_rng(20)
    for scale in (1e-3, 0.05, 1.0, 30.0):
        yield random.normal(0, scale, 32)
    yield numpy.zeros(32)
    yield numpy.array([-2.5] + [0.0] * 31)
    yield numpy.array([1.0, -1.0] * 16)
    yield numpy.linspace(-7.5, 8.0, 32)
    yield numpy.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 127.0, 126.5] * 4)


def main():
    types = [gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.BF16,
             gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0]
    with OUT.open("w", encoding="utf-8") as out:
        for block in blocks():
            values = block.astype(numpy.float32)
            for kind in types:
                packed = gguf.quants.quantize(values, kind)
                line = {"type": kind.name, "values": [float(x) for x in values], "hex": packed.tobytes().hex()}
                out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
