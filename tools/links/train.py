#!/usr/bin/env python3
"""Makes the link models of models/ out of annotated chats and nothing else. Needs numpy and lightgbm.

    train.py nicks FOLDER OUT                         FOLDER: annotated IRC logs
    train.py --labels FILE messenger EXPORT… OUT      a group's months, explicit replies hidden and recovered;
                                                      FILE: unmarked messages labelled by hand

BENCH_LINKS is the program that writes rows (build/release/bin/bench_links). Into OUT go the models, and rows and models
of thirds that may be thrown away; what is there already is not made again. Seeds are fixed: the same data, program and
LightGBM give the same bytes.

The second look learns from guesses about lines that the first one has not seen: three first models each leave out a
third of the files (of one group: stretches of lines), and guess that third."""

import argparse
import os
import pathlib
import subprocess

import prior
import trees

THIRDS = 3
HIDDEN_IN = 5  # messenger replies are seen with all marks hidden, and with one in so many hidden

NICKS = trees.Settings(trees=240, rate=0.06, fraction=0.4, sample=0.12)
NICKS_LAST = trees.Settings(trees=180, rate=0.06, fraction=0.4, sample=0.12)
MESSENGER = trees.Settings(trees=400, leaves=15, rate=0.05, fraction=0.3)
MESSENGER_LAST = trees.Settings(trees=250, leaves=15, rate=0.06, fraction=0.5, bag=2)
OF_NICKS = {"margin": -0.8, "second": 0.33}
OF_NICKS_LAST = {"margin": -0.4, "conversation_margin": -0.4, "second": 0.33}


def bench(*arguments):
    program = os.environ.get("BENCH_LINKS", "build/release/bin/bench_links")
    subprocess.run([program, *map(str, arguments)], check=True)


def rows_of(out, *arguments):
    if not pathlib.Path(f"{out}.rows").exists():
        bench(*arguments, "--rows", out)
    return trees.read(str(out))


def make(path, style, rows, settings, others):
    if not path.exists():
        trees.write(path, style, trees.fit(rows(), settings), others)


def nicks(folder, out):
    rows = rows_of(out / "nicks", "--irc", folder)
    folds = rows.folds(THIRDS)
    thirds = []
    for third in range(THIRDS):
        first = out / f"nicks-first-{third}.trees"
        make(first, "nicks", lambda: rows.where(folds != third), NICKS, OF_NICKS)
        thirds.append(rows_of(out / f"nicks-{third}", "--irc", folder, "--first", first).where(folds == third))
    make(out / "links-irc-first.trees", "nicks", lambda: rows, NICKS, OF_NICKS)
    make(out / "links-irc.trees", "nicks", lambda: trees.join(thirds), NICKS_LAST, OF_NICKS_LAST)


def messenger(exports, labels, out):
    def seen(name, *first):
        """The replies twice: all marks hidden, and one in HIDDEN_IN."""
        both = [rows_of(out / f"{name}-{folds}", "--telegram", *exports, "--folds", folds, *first)
                for folds in (1, HIDDEN_IN)]
        return [rows.without_self() for rows in both]

    def fit_prior(model, *first):
        """How lines without a mark differ, of those labelled."""
        table = out / (model.stem + ".prior")
        bench("--telegram", *exports, "--labels", labels, "--model", model, *first, "--prior", table)
        prior.mend(table, model)

    rows = seen("messenger")
    single = out / "links-messenger.trees"
    if not single.exists():
        make(single, "messenger", lambda: trees.join(rows), MESSENGER, {})
        fit_prior(single)
    thirds = []
    for third in range(THIRDS):
        first = out / f"messenger-first-{third}.trees"
        if not first.exists():
            kept = [part.where(part.folds(THIRDS) != third) for part in rows]
            make(first, "messenger", lambda: trees.join(kept), MESSENGER, {})
            prior.put(first, prior.of(single))
        guessed = seen(f"messenger-{third}", "--first", first)
        thirds += [part.where(part.folds(THIRDS) == third) for part in guessed]
    second = out / "links-messenger-second.trees"
    make(second, "messenger", lambda: trees.join(thirds), MESSENGER_LAST, {})
    fit_prior(second, "--first", single)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("style", choices=["nicks", "messenger"])
    parser.add_argument("data", nargs="+", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--labels", type=pathlib.Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.style == "nicks":
        nicks(options.data[0], options.out)
    elif options.labels is None:
        parser.error("messenger needs --labels")
    else:
        messenger(options.data, options.labels, options.out)


if __name__ == "__main__":
    main()
