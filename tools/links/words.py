#!/usr/bin/env python3
"""Makes models/links-words.txt: how rare the stems are that 20 people or more used.

    words.py COUNTS… > models/links-words.txt

COUNTS are what `bench/links --words` prints: the number of lines, then STEM LINES a line. A stem of several
corpora gets the smaller weight (it is frequent somewhere). Stems in fewer than one line of 20000 are as
rare as those that are not listed, and are left out."""

import math
import sys

RAREST = 80  # eighths of a natural logarithm, as WordTable::kRarest

weights = {}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        lines = int(next(file))
        for row in file:
            stem, count = row.split()
            weight = round(8 * math.log(lines / int(count)))
            weights[stem] = min(weight, weights.get(stem, RAREST))
for stem in sorted(weights):
    if weights[stem] < RAREST:
        print(stem, weights[stem])
