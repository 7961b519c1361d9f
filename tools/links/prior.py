#!/usr/bin/env python3
"""Fits what the messenger model adds for messages without a reply mark, to messages labelled by hand.

    prior.py PRIOR MODEL        PRIOR: what `bench/links --telegram … --labels … --prior PRIOR` wrote; MODEL is changed

Users mark far replies and leave near ones unmarked, so a model that has seen marked ones only reaches too far; and it
has never seen a message that answers nobody. Nine numbers mend this: how much the trees' score counts (temperature),
four for what is near, four for "starts a conversation". Softmax regression, pulled towards "no change"."""

import sys

import numpy

NAMES = ["near_lines", "near_time", "near_own", "near_previous", "start", "start_silence", "start_greets", "start_asks"]
PULL = 1.0


def read(path):
    rows = numpy.loadtxt(path)
    begins = numpy.flatnonzero(numpy.r_[True, rows[1:, 0] != rows[:-1, 0]])
    label, own, score = rows[:, 1], rows[:, 2], rows[:, 3]
    other = 1 - own
    features = numpy.stack([score * other, rows[:, 4] * other, rows[:, 5] * other, rows[:, 6] * other,
                            rows[:, 7] * other, own, own * rows[:, 8], own * rows[:, 9], own * rows[:, 10]], 1)
    sizes = numpy.diff(numpy.r_[begins, len(rows)])
    good = numpy.add.reduceat(label, begins) > 0
    keep = numpy.repeat(good, sizes)
    sizes = sizes[good]
    return features[keep], label[keep], numpy.r_[0, numpy.cumsum(sizes)[:-1]], sizes


def fit(features, label, begins, sizes):
    start = numpy.array([1.0] + [0.0] * 8)
    free = numpy.array([1.0, 1, 1, 1, 1, 0.05, 1, 1, 1])  # the start's constant is hardly pulled
    w = start.copy()
    for step in range(20000):
        s = features @ w
        s -= numpy.repeat(numpy.maximum.reduceat(s, begins), sizes)
        e = numpy.exp(s)
        p = e / numpy.repeat(numpy.add.reduceat(e, begins), sizes)
        right = p * label
        q = right / numpy.repeat(numpy.add.reduceat(right, begins), sizes)  # any right one will do
        gradient = features.T @ (p - q) + PULL * free * (w - start)
        w -= 0.3 / len(begins) * gradient
    hit = numpy.add.reduceat(right, begins)
    top = [label[b + numpy.argmax(s[b:b + n])] for b, n in zip(begins, sizes)]
    print(f"{len(begins)} labelled, mean log likelihood {numpy.log(hit).mean():.3f}, right {100 * numpy.mean(top):.1f} %")
    return w


def put(model, values):
    """Replaces these settings of the model file."""
    lines = open(model, encoding="utf-8").read().split("\n")
    lines = [line for line in lines if line.split(" ")[0] not in values]
    at = next(i for i, line in enumerate(lines) if line.startswith("trees "))
    lines[at:at] = [f"{name} {value:.4f}" for name, value in values.items()]
    open(model, "w", encoding="utf-8").write("\n".join(lines))


def of(model):
    """What `put` has put there."""
    lines = (line.split(" ") for line in open(model, encoding="utf-8"))
    return {line[0]: float(line[1]) for line in lines if line[0] in ["temperature"] + NAMES}


def mend(table, model):
    w = fit(*read(table))
    put(model, {"temperature": 1 / max(w[0], 0.05), **dict(zip(NAMES, w[1:]))})
    print(of(model))


if __name__ == "__main__":
    mend(*sys.argv[1:])
