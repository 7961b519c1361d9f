#!/usr/bin/env python3
"""Records what LightGBM itself says of invented rows, for link_model_test: of a first look's model
tests/data/links/recorded.trees and recorded.txt (a row a line: the features' bytes, then the trainer's score), of a
second look's recorded-second.*.

    record.py FOLDER

The rows are random numbers: no chat has part in them. The models are trained and written as trees.py does; their
leaves are rounded, put back into LightGBM, and predicted by LightGBM."""

import pathlib
import sys

import lightgbm
import numpy

import trees

FIRST = ["is_self", "lines_between", "seconds_between", "same_author", "names_candidate", "shared_weight", "line_asks"]
SECOND = [*FIRST, "guess_share", "guess_rank", "guess_of_thread", "guess_own_answered_author"]


def leaf_order(node, order):
    if "split_feature" not in node:
        order.append(node.get("leaf_index", 0))
        return
    leaf_order(node["left_child"], order)
    leaf_order(node["right_child"], order)


def record(path, style, names, leaves):
    random = numpy.random.default_rng(1)
    most = [2, 200, 256, 2, 4, 100, 2, 256, 12, 256, 256]
    x = random.integers(0, most[:len(names)], (6000, len(names))).astype(numpy.uint8)
    y = (x[:, 4] * 0.7 - x[:, 1] * 0.01 + (x[:, 2] > 90) * x[:, 5] * 0.02 - x[:, 0] + random.normal(0, 0.3, len(x)))
    y += (x[:, len(FIRST):] * [0.01, -0.1, 0.004, 0.006][:len(names) - len(FIRST)]).sum(1)
    booster = lightgbm.train({"num_leaves": leaves, "learning_rate": 0.1, "max_bin": 63, "verbose": -1, "seed": 1,
                              "deterministic": True, "num_threads": 1, "boost_from_average": False},
                             lightgbm.Dataset(x, y), 40)
    model = trees.Model(*trees.rounded(trees.trees_of(booster)), names)
    for number, (info, (_, values)) in enumerate(zip(booster.dump_model()["tree_info"], model.trees)):
        order = []
        leaf_order(info["tree_structure"], order)
        for leaf, value in zip(order, values):
            booster.set_leaf_output(number, leaf, value * model.unit)
    trees.write(path.with_suffix(".trees"), style, model, {"margin": 0})
    rows = x[:300]
    scores = booster.predict(rows, raw_score=True)
    with open(path.with_suffix(".txt"), "w", encoding="utf-8") as file:
        for row, score in zip(rows, scores):
            print(*row, f"{score:.12f}", file=file)
    print(path, "largest difference from our own walk:", abs(scores - trees.score(model.trees, model.unit, rows)).max())


def main():
    folder = pathlib.Path(sys.argv[1])
    record(folder / "recorded", "nicks", FIRST, 31)
    record(folder / "recorded-second", "messenger", SECOND, 15)


if __name__ == "__main__":
    main()
