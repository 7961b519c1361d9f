"""Reading a prompt and decoding by llama.cpp, for bench/decode: the same file, threads and counts.

    VENV/bin/python decode_llama_cpp.py MODEL.gguf [--threads 2] [--prompt 512] [--generate 128] [--rounds 5]

Needs the Python package llama-cpp-python, built from its source for this processor. The last line is JSON.
"""

import argparse
import json
import random
import time

import llama_cpp


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    model = llama_cpp.Llama(options.model, n_ctx=2048, n_batch=512, n_threads=options.threads,
                            n_threads_batch=options.threads, verbose=False)
    draw = random.Random(1)
    prompt = [draw.randrange(model.n_vocab()) for _ in range(options.prompt)]
    read = write = float("inf")
    for _ in range(options.rounds):
        model.reset()
        start = time.perf_counter()
        model.eval(prompt)
        read = min(read, time.perf_counter() - start)
        model.reset()
        start = time.perf_counter()
        token = prompt[0]
        for _ in range(options.generate):
            model.eval([token])
            token = int(model.scores[model.n_tokens - 1].argmax()) if model.scores.ndim > 1 else token
        write = min(write, time.perf_counter() - start)
    print(json.dumps({"bench": "decode", "by": f"llama-cpp-python {llama_cpp.__version__}",
                      "model": options.model.rsplit("/", 1)[-1], "threads": options.threads,
                      "prompt_tokens_per_s": round(options.prompt / read, 1),
                      "tokens_per_s": round(options.generate / write, 1)}))


if __name__ == "__main__":
    main()
