"""Writes tests/reference/dequant-blocks.jsonl: random blocks of every GGUF number format that idiolect reads, and their values.

Computed element by element from the closed forms of ggml's block formats, in double precision, with nothing but the standard
library; it shares no code with the C++ that is tested. One line per block: {"type", "hex", "values"}.

    python3 dequant_vectors.py > ../../tests/reference/dequant-blocks.jsonl
"""

import json
import math
import random
import struct

KV = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
FP4 = [0, 1, 2, 3, 4, 6, 8, 12, -0.0, -1, -2, -3, -4, -6, -8, -12]


def half(b, at):
    return struct.unpack_from("<e", b, at)[0]


def u16(b, at):
    return struct.unpack_from("<H", b, at)[0]


def u32(b, at):
    return struct.unpack_from("<I", b, at)[0]


def i8(byte):
    return byte - 256 if byte > 127 else byte


def nibble(b, at, e):
    """Element e of 32 that are packed as 16 low nibbles, then 16 high ones."""
    return b[at + e] & 15 if e < 16 else b[at + e - 16] >> 4


def scale_min(sc, g):
    if g < 4:
        return sc[g] & 63, sc[g + 4] & 63
    return (sc[g + 4] & 15) | ((sc[g - 4] >> 6) << 4), (sc[g + 4] >> 4) | ((sc[g] >> 6) << 4)


def q2_k(b, e):
    n, j, l = e // 128, e % 128 // 32, e % 32
    s = b[8 * n + 2 * j + l // 16]
    return half(b, 80) * (s & 15) * ((b[16 + 32 * n + l] >> 2 * j) & 3) - half(b, 82) * (s >> 4)


def q3_k(b, e):
    n, j, l = e // 128, e % 128 // 32, e % 32
    sc = b[96:108]
    i = 8 * n + 2 * j + l // 16
    s = ((sc[i] & 15) if i < 8 else (sc[i - 8] >> 4)) | (((sc[8 + i % 4] >> 2 * (i // 4)) & 3) << 4)
    q = ((b[32 + 32 * n + l] >> 2 * j) & 3) - (0 if (b[l] >> (4 * n + j)) & 1 else 4)
    return half(b, 108) * (s - 32) * q


def q4_k(b, e):
    g, l = e // 32, e % 32
    s, m = scale_min(b[4:16], g)
    byte = b[16 + 32 * (g // 2) + l]
    return half(b, 0) * s * (byte >> 4 if g % 2 else byte & 15) - half(b, 2) * m


def q5_k(b, e):
    g, l = e // 32, e % 32
    s, m = scale_min(b[4:16], g)
    byte = b[48 + 32 * (g // 2) + l]
    q = (byte >> 4 if g % 2 else byte & 15) + 16 * ((b[16 + l] >> g) & 1)
    return half(b, 0) * s * q - half(b, 2) * m


def q6_k(b, e):
    n, k, l = e // 128, e % 128 // 32, e % 32
    byte = b[64 * n + 32 * (k & 1) + l]
    low = byte >> 4 if k >= 2 else byte & 15
    high = (b[128 + 32 * n + l] >> 2 * k) & 3
    return half(b, 208) * i8(b[192 + 8 * n + 2 * k + l // 16]) * ((low | high << 4) - 32)


def iq4_xs(b, e):
    g, l = e // 32, e % 32
    ls = ((b[4 + g // 2] >> 4 * (g % 2)) & 15) | (((u16(b, 2) >> 2 * g) & 3) << 4)
    byte = b[8 + 16 * g + l % 16]
    return half(b, 0) * (ls - 32) * KV[byte & 15 if l < 16 else byte >> 4]


# name: bytes, values, where the f16 scales are, the value of element e
FORMATS = {
    "F32": (4, 1, [], lambda b, e: struct.unpack("<f", b)[0]),
    "F16": (2, 1, [0], lambda b, e: half(b, 0)),
    "BF16": (2, 1, [], lambda b, e: struct.unpack("<f", b"\0\0" + b)[0]),
    "Q4_0": (18, 32, [0], lambda b, e: half(b, 0) * (nibble(b, 2, e) - 8)),
    "Q4_1": (20, 32, [0, 2], lambda b, e: half(b, 0) * nibble(b, 4, e) + half(b, 2)),
    "Q5_0": (22, 32, [0], lambda b, e: half(b, 0) * ((nibble(b, 6, e) | ((u32(b, 2) >> e) & 1) << 4) - 16)),
    "Q5_1": (24, 32, [0, 2], lambda b, e: half(b, 0) * (nibble(b, 8, e) | ((u32(b, 4) >> e) & 1) << 4) + half(b, 2)),
    "Q8_0": (34, 32, [0], lambda b, e: half(b, 0) * i8(b[2 + e])),
    "Q2_K": (84, 256, [80, 82], q2_k),
    "Q3_K": (110, 256, [108], q3_k),
    "Q4_K": (144, 256, [0, 2], q4_k),
    "Q5_K": (176, 256, [0, 2], q5_k),
    "Q6_K": (210, 256, [208], q6_k),
    "IQ4_NL": (18, 32, [0], lambda b, e: half(b, 0) * KV[nibble(b, 2, e)]),
    "IQ4_XS": (136, 256, [0], iq4_xs),
    "MXFP4": (17, 32, [], lambda b, e: math.ldexp(FP4[nibble(b, 1, e)], b[0] - 128)),
}


def main():
    rng = random.Random(20240501)
    for name, (size, count, scales, value) in FORMATS.items():
        blocks = 8 if count == 1 else 2
        for _ in range(blocks):
            block = bytearray(rng.randbytes(size))
            for at in scales:
                block[at : at + 2] = struct.pack("<e", rng.uniform(-0.1, 0.1))
            if name in ("F32", "BF16"):
                packed = struct.pack("<f", rng.uniform(-1, 1))
                block = bytearray(packed if name == "F32" else packed[2:])
            if name == "MXFP4":
                block[0] = rng.randrange(110, 130)
            block = bytes(block)
            values = [float(f"{value(block, e):.9g}") for e in range(count)]
            print(json.dumps({"type": name, "hex": block.hex(), "values": values}, separators=(",", ":")))


main()
