#!/usr/bin/env python3
"""Trains a link model from rows that `bench/links --rows` wrote, and writes it in the product's format
(src/dialogs/link_model.h). Needs numpy and lightgbm.

    train.py ROWS MODEL --style nicks [--dev ROWS] [--trees N] [--leaves N] [--rate X] [--set NAME=VALUE …]
    train.py ROWS… : several sets of rows are learned from together; NAME*0.5 weighs one; NAME*0.5*unnamed takes
    only lines that name nobody, and of those no "starts a conversation". NAME@K/N takes the files K, K + N, … only.

A second look learns from guesses about files that the first one has not seen:

    for K in 0 1 2: train.py ROWS --leave-out K/3 --model FIRST-K …; bench/links --irc FOLDER --first FIRST-K --rows ROWS-K
    train.py ROWS --model FIRST …; train.py ROWS-0@0/3 ROWS-1@1/3 ROWS-2@2/3 --model SECOND …

What is built in for nicks was made with --rate 0.06 --fraction 0.4 --sample 0.12, 240 trees and 180.

The loss is softmax over the candidates of a line; several right ones share the mass. Leaves are rounded to
whole numbers of 16 bits before the model is judged and written, so its scores are the product's, exactly."""

import argparse
import sys

import lightgbm
import numpy


def read(name, leave_out=""):
    """(bytes[rows, features], groups' begins, label, line, candidate, names) of one set of rows."""
    name, _, fold = name.partition("@")
    names = open(name + ".names", encoding="utf-8").read().split()
    x = numpy.fromfile(name + ".bytes", numpy.uint8).reshape(-1, len(names))
    rows = numpy.fromfile(name + ".rows", numpy.uint32).reshape(-1, 4)
    begins = numpy.flatnonzero(numpy.r_[True, rows[1:, 0] != rows[:-1, 0]])
    found = x, begins, rows[:, 3].astype(float), rows[:, 1], rows[:, 2]
    files = rows[:, 0] - rows[:, 1]  # the group of a file's line 0
    if fold:
        found = of_folds(*found, files, fold, True)
    elif leave_out:
        found = of_folds(*found, files, leave_out, False)
    return *found, names


def of_folds(x, begins, label, line, candidate, groups, fold, keep):
    """Only the files of the fold "K/N", or only the others."""
    number, folds = map(int, fold.split("/"))
    files = numpy.unique(groups, return_inverse=True)[1]
    mask = (files % folds == number) == keep
    sizes = numpy.diff(numpy.r_[begins, len(label)])[mask[begins]]
    return x[mask], numpy.r_[0, numpy.cumsum(sizes)[:-1]], label[mask], line[mask], candidate[mask]


def keep_answered(x, begins, label):
    """Only groups that hold a right candidate."""
    sizes = numpy.diff(numpy.r_[begins, len(label)])
    good = numpy.add.reduceat(label, begins) > 0
    mask = numpy.repeat(good, sizes)
    sizes = sizes[good]
    return x[mask], numpy.r_[0, numpy.cumsum(sizes)[:-1]], label[mask], sizes


def softmax(scores, begins, sizes):
    top = numpy.maximum.reduceat(scores, begins)
    e = numpy.exp(scores - numpy.repeat(top, sizes))
    return e / numpy.repeat(numpy.add.reduceat(e, begins), sizes)


def train(sets, options):
    parts, begins, labels, sizes, weights = [], [], [], [], []
    at = 0
    for name in sets:
        name, weight, which = (name.split("*") + ["1", "all"])[:3] if "*" in name else (name, "1", "all")
        x, b, y, line, candidate, names = read(name, options.leave_out)
        if which == "unnamed":
            named = x[:, names.index("names_anyone")] + x[:, names.index("names_unknown")] > 0
            y = numpy.where(named | (line == candidate), 0, y)
        x, b, y, s = keep_answered(x, b, y)
        parts.append(x)
        begins.append(b + at)
        labels.append(y / numpy.repeat(numpy.add.reduceat(y, b), s))
        sizes.append(s)
        weights.append(numpy.full(len(y), float(weight or 1)))
        at += len(y)
    x, begins, y = numpy.concatenate(parts), numpy.concatenate(begins), numpy.concatenate(labels)
    sizes, weight = numpy.concatenate(sizes), numpy.concatenate(weights)

    def objective(scores, _data):
        p = softmax(scores, begins, sizes)
        return weight * (p - y), weight * p * (1 - p)

    hidden = set(options.without.split(",")) if options.without else set()
    used = [i for i, n in enumerate(names) if n not in hidden and x[:, i].min() != x[:, i].max()]
    x = numpy.ascontiguousarray(x[:, used])
    parameters = {
        "objective": objective, "num_leaves": options.leaves, "learning_rate": options.rate,
        "lambda_l2": options.l2, "feature_fraction": options.fraction, "min_data_in_leaf": options.least,
        "min_sum_hessian_in_leaf": 1.0, "max_bin": options.bins, "seed": 1, "deterministic": True, "force_row_wise": True,
        "num_threads": options.threads, "verbose": -1, "min_gain_to_split": 0.0,
    }
    if options.sample:
        # Rows whose gradient is large, and as many others by chance.
        parameters.update(data_sample_strategy="goss", top_rate=options.sample, other_rate=options.sample)
    print(f"{len(begins)} lines, {len(y)} rows, {len(used)} features", file=sys.stderr)
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, free_raw_data=True), options.trees)
    return booster, [names[i] for i in used], used


def walk(node, nodes, leaves):
    """Numbers nodes in preorder and leaves from left to right; returns the child's number."""
    if "leaf_value" in node and "split_feature" not in node:
        leaves.append(node["leaf_value"])
        return -len(leaves)
    place = len(nodes)
    nodes.append(None)
    if node["decision_type"] != "<=":
        sys.exit("a split that is no threshold")
    threshold = int(numpy.floor(node["threshold"]))
    left = walk(node["left_child"], nodes, leaves)
    right = walk(node["right_child"], nodes, leaves)
    nodes[place] = [node["split_feature"], min(max(threshold, 0), 255), left, right]
    return place


def trees_of(booster):
    trees = []
    for tree in booster.dump_model()["tree_info"]:
        nodes, leaves = [], []
        walk(tree["tree_structure"], nodes, leaves)
        trees.append((nodes, leaves))
    return trees


def rounded(trees):
    """The same with whole leaves, and what a leaf's 1 is worth."""
    unit = max(abs(v) for _, leaves in trees for v in leaves) / 32767
    return [(nodes, [round(v / unit) for v in leaves]) for nodes, leaves in trees], unit


def score(trees, unit, x):
    """As the product scores, slowly."""
    total = numpy.zeros(len(x), numpy.int64)
    for nodes, leaves in trees:
        values = numpy.array(leaves)
        if not nodes:
            total += values[0]
            continue
        table = numpy.array(nodes)
        at = numpy.zeros(len(x), int)
        active = numpy.arange(len(x))
        while len(active):
            node = table[at[active]]
            go_left = x[active, node[:, 0]] <= node[:, 1]
            at[active] = numpy.where(go_left, node[:, 2], node[:, 3])
            done = at[active] < 0
            total[active[done]] += values[-1 - at[active[done]]]
            active = active[~done]
    return total * unit


def write(path, style, names, trees, unit, settings):
    used = sorted({n[0] for nodes, _ in trees for n in nodes})
    number = {f: i for i, f in enumerate(used)}
    with open(path, "w", encoding="utf-8") as file:
        print("idiolect-links 1", file=file)
        print("style", style, file=file)
        print("features", *[names[f] for f in used], file=file)
        print("unit", repr(float(unit)), file=file)
        for key, value in settings.items():
            print(key, value, file=file)
        print("trees", len(trees), file=file)
        for nodes, leaves in trees:
            print(*[f"{number[f]}:{t}:{l}:{r}" for f, t, l, r in nodes], "|", *leaves, file=file)


def judge(name, trees, unit, used, margin):
    """Links' F with the first link, softmax loss, and top-1 and top-3 without the line itself."""
    x, begins, y, line, candidate, names = read(name)
    s = score(trees, unit, x[:, used])
    own = line == candidate
    s[own] += margin
    right = links = gold = top1 = top3 = groups = 0
    for b, e in zip(begins, numpy.r_[begins[1:], len(y)]):
        order = b + numpy.argsort(-s[b:e], kind="stable")
        right += y[order[0]] > 0
        links += 1
        gold += max(1, int(y[b:e].sum()))
        others = order[~own[order]]
        groups += 1
        top1 += len(others) > 0 and y[others[0]] > 0
        top3 += y[others[:3]].sum() > 0
    p, r = right / links, right / gold
    print(f"{name}: P {100 * p:.2f} R {100 * r:.2f} F {200 * p * r / (p + r):.2f}; "
          f"without itself top-1 {100 * top1 / groups:.2f} top-3 {100 * top3 / groups:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="+")
    parser.add_argument("--model", required=True)
    parser.add_argument("--style", choices=["nicks", "messenger"], required=True)
    parser.add_argument("--dev", action="append", default=[])
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--leaves", type=int, default=31)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--l2", type=float, default=5)
    parser.add_argument("--fraction", type=float, default=0.5)
    parser.add_argument("--least", type=int, default=50, help="rows in a leaf")
    parser.add_argument("--bins", type=int, default=63)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sample", type=float, default=0, help="of the rows for a tree, twice this share")
    parser.add_argument("--leave-out", default="", help="K/N: not the files K, K + N, …")
    parser.add_argument("--margin", type=float, default=0)
    parser.add_argument("--without", default="", help="features not to use, with commas between")
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE, a setting of the model file")
    options = parser.parse_args()
    booster, names, used = train(options.rows, options)
    trees, unit = rounded(trees_of(booster))
    gain = booster.feature_importance("gain")
    top = numpy.argsort(-gain)[:25]
    print("gain %:", ", ".join(f"{names[i]} {100 * gain[i] / gain.sum():.1f}" for i in top))
    settings = {"margin": options.margin}
    settings.update(pair.split("=", 1) for pair in options.set)
    write(options.model, options.style, names, trees, unit, settings)
    for dev in options.dev:
        for margin in {0.0, options.margin}:
            judge(dev, trees, unit, used, margin)


if __name__ == "__main__":
    main()
