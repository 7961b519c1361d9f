"""Repeatable randomness.

Only random.Random.random() promises the same numbers in every Python version, so everything else is built on it here.
"""

import random


class Dice:
    def __init__(self, seed):
        self._source = random.Random(seed)

    def chance(self, probability):
        return self._source.random() < probability

    def integer(self, low, high):
        """A whole number, both ends included."""
        return low + int(self._source.random() * (high - low + 1))

    def pick(self, items):
        return items[self.integer(0, len(items) - 1)]

    def weighted(self, items, weights):
        mark = self._source.random() * sum(weights)
        for item, weight in zip(items, weights):
            mark -= weight
            if mark < 0:
                return item
        return items[-1]

    def shuffled(self, items):
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.integer(0, last)
            result[last], result[other] = result[other], result[last]
        return result


class Decks:
    """Deals from lists without repeating an item until its list is used up, so phrases are used evenly."""

    def __init__(self, dice):
        self._dice = dice
        self._left = {}
        self._last = {}

    def deal(self, name, items):
        left = self._left.get(name)
        if not left:
            left = self._dice.shuffled(items)
            if len(left) > 1 and left[-1] == self._last.get(name):
                left[0], left[-1] = left[-1], left[0]
            self._left[name] = left
        item = left.pop()
        self._last[name] = item
        return item
