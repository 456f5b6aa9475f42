"""What a run decides by chance: recorded, so that it can be played again and made smaller.

0 is always the dullest option: the call succeeds, no one else goes first, nothing is lost. A played
run ends where its choices end, so a shorter list of smaller numbers is a simpler run.
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar

Option = TypeVar("Option")


class Choices:
    """From a seed; or those `given`, and the dullest option from then on."""

    def __init__(self, seed: int | None = None, given: Sequence[int] = ()) -> None:
        self._random = None if seed is None else random.Random(seed)
        self._given = given
        self.made: list[int] = []

    @property
    def are_over(self) -> bool:
        """Whether a played run has used all choices that it was given."""
        return self._random is None and len(self.made) >= len(self._given)

    def below(self, number: int) -> int:
        return self._next(number, lambda chance: chance.randrange(number))

    def weighted(self, weights: Sequence[int]) -> int:
        """The number of an option; each comes as often as its weight says."""
        sums = list(accumulate(weights))
        return self._next(
            len(weights), lambda chance: bisect_right(sums, chance.randrange(sums[-1]))
        )

    def happens(self, percent: int) -> bool:
        return bool(self.weighted((100 - percent, percent)))

    def one_of(self, options: Sequence[Option]) -> Option:
        return options[self.below(len(options))]

    def _next(self, number: int, drawn: Callable[[random.Random], int]) -> int:
        if self._random is not None:
            choice = drawn(self._random)
        elif self.are_over:
            choice = 0
        else:
            choice = min(self._given[len(self.made)], number - 1)
        self.made.append(choice)
        return choice


def shrunk(
    choices: Sequence[int], fails: Callable[[Sequence[int]], bool], most: int = 400
) -> list[int]:
    """Fewer and smaller choices that still fail, found in at most so many tries.

    First the end is cut off, then chunks are left out or set to 0, then single choices are made
    smaller; all of it again until nothing helps.
    """
    search = _Search(list(choices), fails, most)
    before = None
    while before != search.best and search.tries < most:
        before = search.best
        search.cut_off_the_end()
        size = len(search.best) // 2
        while size:
            search.leave_out(size)
            size //= 2
        search.make_smaller()
    return search.best


class _Search:
    def __init__(self, best: list[int], fails: Callable[[Sequence[int]], bool], most: int) -> None:
        self.best, self.fails, self.most = best, fails, most
        self.tries = 0

    def better(self, candidate: list[int]) -> bool:
        """Whether `candidate` fails too; then it is the best one."""
        if candidate == self.best or self.tries >= self.most:
            return False
        self.tries += 1
        if not self.fails(candidate):
            return False
        self.best = candidate
        return True

    def cut_off_the_end(self) -> None:
        """By halves: most of what comes after a failure does not matter."""
        step = len(self.best) // 2
        while step:
            if not self.better(self.best[: len(self.best) - step]):
                step //= 2
            step = min(step, len(self.best) // 2)

    def leave_out(self, size: int) -> None:
        start = max(0, len(self.best) - size)
        while start > 0:
            without = self.best[:start] + self.best[start + size :]
            if not self.better(without) and any(self.best[start : start + size]):
                self.better(self.best[:start] + [0] * size + self.best[start + size :])
            start -= size
        self.better(self.best[size:])

    def make_smaller(self) -> None:
        for number in range(len(self.best)):
            choice = self.best[number]
            if choice > 1:
                self.better([*self.best[:number], choice // 2, *self.best[number + 1 :]])
