"""Boosted trees for links: reads the rows that `bench/links --rows` writes, fits, judges, and writes a model in the
product's format (src/dialogs/link_model.h). Needs numpy and lightgbm. train.py has the recipe.

The loss is softmax over the candidates of a line; several right ones share the mass. Leaves are rounded to
whole numbers of 16 bits before a model is judged and written, so its scores are the product's, exactly."""

import dataclasses
import sys

import lightgbm
import numpy

BLOCK = 400  # lines of one file that are left out together


@dataclasses.dataclass
class Rows:
    """The candidates of many lines; `begins` is where each line's begin."""

    x: numpy.ndarray
    label: numpy.ndarray
    line: numpy.ndarray
    candidate: numpy.ndarray
    file: numpy.ndarray
    begins: numpy.ndarray
    names: list

    @property
    def sizes(self):
        return numpy.diff(numpy.r_[self.begins, len(self.label)])

    def where(self, lines):
        """Those lines only: a truth value for each."""
        sizes = self.sizes
        mask = numpy.repeat(lines, sizes)
        return Rows(self.x[mask], self.label[mask], self.line[mask], self.candidate[mask], self.file[mask],
                    numpy.r_[0, numpy.cumsum(sizes[lines])[:-1]].astype(int), self.names)

    def folds(self, count):
        """Which of `count` folds each line is in: by file, or by stretches of lines where there is one file."""
        files = numpy.unique(self.file[self.begins], return_inverse=True)[1]
        return (files if files.max() > 0 else self.line[self.begins] // BLOCK) % count

    def answered(self):
        return self.where(numpy.add.reduceat(self.label, self.begins) > 0)

    def without_self(self):
        """Without "starts a conversation", of lines that are known to answer."""
        mask = self.line != self.candidate
        sizes = numpy.add.reduceat(mask.astype(int), self.begins)
        mask &= numpy.repeat(sizes > 0, self.sizes)
        sizes = sizes[sizes > 0]
        return Rows(self.x[mask], self.label[mask], self.line[mask], self.candidate[mask], self.file[mask],
                    numpy.r_[0, numpy.cumsum(sizes)[:-1]], self.names)


def read(name):
    names = open(name + ".names", encoding="utf-8").read().split()
    x = numpy.fromfile(name + ".bytes", numpy.uint8).reshape(-1, len(names))
    rows = numpy.fromfile(name + ".rows", numpy.uint32).reshape(-1, 4)
    begins = numpy.flatnonzero(numpy.r_[True, rows[1:, 0] != rows[:-1, 0]])
    return Rows(x, rows[:, 3].astype(float), rows[:, 1], rows[:, 2], rows[:, 0] - rows[:, 1], begins, names)


def join(parts):
    at = numpy.cumsum([0] + [len(part.label) for part in parts])
    return Rows(*(numpy.concatenate([getattr(part, name) for part in parts]) for name in
                  ("x", "label", "line", "candidate", "file")),
                numpy.concatenate([part.begins + begin for part, begin in zip(parts, at)]), parts[0].names)


@dataclasses.dataclass
class Settings:
    trees: int
    leaves: int = 31
    rate: float = 0.05
    l2: float = 5
    fraction: float = 0.5  # of the features, for a tree
    least: int = 50        # rows in a leaf
    bins: int = 63
    sample: float = 0      # rows with a large gradient for a tree, and as many others by chance; 0: all
    bag: int = 1           # models of other seeds whose mean is taken
    threads: int = 1


def softmax(scores, begins, sizes):
    top = numpy.maximum.reduceat(scores, begins)
    e = numpy.exp(scores - numpy.repeat(top, sizes))
    return e / numpy.repeat(numpy.add.reduceat(e, begins), sizes)


class Model:
    """Trees with whole leaves; `names` are those of its columns."""

    def __init__(self, trees, unit, names):
        self.trees, self.unit, self.names = trees, unit, names

    def score(self, rows):
        return score(self.trees, self.unit, rows.x[:, [rows.names.index(name) for name in self.names]])


def fit(rows, settings):
    """A Model; of several boosters the leaves are divided and the trees put together."""
    boosters, used = zip(*(boost(rows, settings, seed) for seed in range(1, settings.bag + 1)))
    together = [(nodes, [leaf / settings.bag for leaf in leaves]) for booster in boosters
                for nodes, leaves in trees_of(booster)]
    return Model(*rounded(together), [rows.names[i] for i in used[0]])


def boost(rows, settings, seed):
    """A booster, and which features its columns are."""
    rows = rows.answered()
    sizes = rows.sizes
    y = rows.label / numpy.repeat(numpy.add.reduceat(rows.label, rows.begins), sizes)

    def objective(scores, _data):
        p = softmax(scores, rows.begins, sizes)
        return p - y, p * (1 - p)

    used = [i for i in range(len(rows.names)) if rows.x[:, i].min() != rows.x[:, i].max()]
    parameters = {
        "objective": objective, "num_leaves": settings.leaves, "learning_rate": settings.rate,
        "lambda_l2": settings.l2, "feature_fraction": settings.fraction, "min_data_in_leaf": settings.least,
        "min_sum_hessian_in_leaf": 1.0, "max_bin": settings.bins, "seed": seed, "deterministic": True,
        "force_row_wise": True, "num_threads": settings.threads, "verbose": -1,
    }
    if settings.sample:
        parameters.update(data_sample_strategy="goss", top_rate=settings.sample, other_rate=settings.sample)
    print(f"{len(rows.begins)} lines, {len(y)} rows, {len(used)} features", file=sys.stderr)
    data = lightgbm.Dataset(numpy.ascontiguousarray(rows.x[:, used]), free_raw_data=True)
    return lightgbm.train(parameters, data, settings.trees), used


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


def write(path, style, model, settings):
    """`settings`: the model file's other lines, by name."""
    used = sorted({n[0] for nodes, _ in model.trees for n in nodes})
    number = {f: i for i, f in enumerate(used)}
    with open(path, "w", encoding="utf-8") as file:
        print("idiolect-links 1", file=file)
        print("style", style, file=file)
        print("features", *[model.names[f] for f in used], file=file)
        print("unit", repr(float(model.unit)), file=file)
        for key, value in settings.items():
            print(key, value, file=file)
        print("trees", len(model.trees), file=file)
        for nodes, leaves in model.trees:
            print(*[f"{number[f]}:{t}:{l}:{r}" for f, t, l, r in nodes], "|", *leaves, file=file)
