#!/usr/bin/env python3
"""Records what LightGBM itself says of invented rows, for link_model_test: tests/data/links/recorded.trees and
recorded.txt (a row a line: the features' bytes, then the trainer's score).

    record.py FOLDER

The rows are random numbers: no chat has part in them. The model is trained and written as train.py does; its leaves
are rounded, put back into LightGBM, and predicted by LightGBM."""

import pathlib
import sys

import lightgbm
import numpy

import train

NAMES = ["is_self", "lines_between", "seconds_between", "same_author", "names_candidate", "shared_weight", "line_asks"]


def leaf_order(node, order):
    if "split_feature" not in node:
        order.append(node.get("leaf_index", 0))
        return
    leaf_order(node["left_child"], order)
    leaf_order(node["right_child"], order)


def main():
    folder = pathlib.Path(sys.argv[1])
    random = numpy.random.default_rng(1)
    x = random.integers(0, [2, 200, 256, 2, 4, 100, 2], (6000, len(NAMES))).astype(numpy.uint8)
    y = (x[:, 4] * 0.7 - x[:, 1] * 0.01 + (x[:, 2] > 90) * x[:, 5] * 0.02 - x[:, 0] + random.normal(0, 0.3, len(x)))
    booster = lightgbm.train({"num_leaves": 31, "learning_rate": 0.1, "max_bin": 63, "verbose": -1, "seed": 1,
                              "deterministic": True, "num_threads": 1, "boost_from_average": False},
                             lightgbm.Dataset(x, y), 40)
    trees, unit = train.rounded(train.trees_of(booster))
    for number, (info, (_, leaves)) in enumerate(zip(booster.dump_model()["tree_info"], trees)):
        order = []
        leaf_order(info["tree_structure"], order)
        for leaf, value in zip(order, leaves):
            booster.set_leaf_output(number, leaf, value * unit)
    train.write(folder / "recorded.trees", "nicks", NAMES, trees, unit, {"margin": 0})
    rows = x[:300]
    scores = booster.predict(rows, raw_score=True)
    with open(folder / "recorded.txt", "w", encoding="utf-8") as file:
        for row, score in zip(rows, scores):
            print(*row, f"{score:.12f}", file=file)
    print("largest difference from our own walk:", abs(scores - train.score(trees, unit, rows)).max())


if __name__ == "__main__":
    main()
