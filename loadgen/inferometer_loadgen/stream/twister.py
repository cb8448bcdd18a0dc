"""The random numbers of LoadGen: std::mt19937 and the draws that libstdc++ makes from it.

The C++ standard fixes the raw words of std::mt19937, but leaves std::shuffle and the distributions to the
library. The official package is built with libstdc++, so its choices are repeated here, draw by draw: which words
are consumed matters as much as which values come out, since everything that follows hangs on it. (libstdc++ of
GCC 11 and later: bits/stl_algo.h, bits/uniform_int_dist.h, bits/random.tcc. Older ones draw integers otherwise.)

One `Twister` is one generator; its methods advance it. Nothing here knows what is drawn.
"""

from itertools import chain

import numpy as np
from numpy.typing import NDArray

WORD_RANGE = 2**32
LOW_WORD = WORD_RANGE - 1
BELOW_ONE = np.nextafter(1.0, 0.0)

SKIPPED_AT_ONCE = 1 << 12
"""Draws of shuffles that are skipped in one go: about so many lie between two that are made again."""
DRAWS_AT_ONCE = 1 << 17
"""Draws made in one go: bounds the memory, not the result."""


class Twister:
    """One std::mt19937, seeded as LoadGen does: with the low 32 bits of a 64-bit seed."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.MT19937()
        # NumPy's name for init_genrand, the seeding that the C++ standard asks for.
        self._bits._legacy_seeding(seed & LOW_WORD)  # noqa: SLF001  NumPy offers it under no public name

    def words(self, count: int) -> NDArray[np.uint64]:
        """The next `count` raw words, each of 32 bits."""
        return self._bits.random_raw(count)

    def below(self, bound: int, count: int) -> NDArray[np.int64]:
        """`count` draws from 0..bound-1, as std::uniform_int_distribution makes them (Lemire's method).

        A word w stands for the high half of w * bound, unless the low half is under 2^32 mod bound: such a word is
        passed over. Each round fetches at most as many words as draws are missing, so that none is consumed in vain.
        """
        drawn = np.empty(count, dtype=np.int64)
        done = 0
        while done < count:
            products = self.words(min(count - done, DRAWS_AT_ONCE)) * np.uint64(bound)
            taken = products[(products & np.uint64(LOW_WORD)) >= np.uint64(WORD_RANGE % bound)]
            drawn[done : done + taken.size] = taken >> np.uint64(32)
            done += taken.size
        return drawn

    def canonical(self, count: int) -> NDArray[np.float64]:
        """`count` doubles in [0, 1), as std::generate_canonical<double, 53> makes them: of two words, low first."""
        words = self.words(2 * count).astype(np.float64)
        doubles = (words[0::2] + words[1::2] * float(WORD_RANGE)) / float(WORD_RANGE) ** 2
        return np.minimum(doubles, BELOW_ONE)  # the sum can round up to 2^64, and 1 is not in the interval

    def shuffled(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """`values` in the order that std::shuffle gives them."""
        shuffled = values.tolist()
        for position, target in enumerate(self._swap_targets(len(shuffled)), start=1):
            shuffled[position], shuffled[target] = shuffled[target], shuffled[position]
        return np.array(shuffled, dtype=np.int64)

    def skip_shuffles(self, size: int, times: int) -> None:
        """Consume what `times` shuffles of `size` elements would consume, without shuffling anything."""
        bounds = np.array(shuffle_bounds(size), dtype=np.uint64)
        # One block from any place of a shuffle on, which may be longer or shorter than a block.
        in_turn = np.resize(bounds, bounds.size + SKIPPED_AT_ONCE)
        passed_over = np.uint64(WORD_RANGE) % np.maximum(in_turn, np.uint64(1))
        done, draws, words = 0, bounds.size * times, self.words(0)
        while done < draws:
            count = min(draws - done, SKIPPED_AT_ONCE)
            words = np.concatenate((words, self.words(count - words.size)))
            turns = slice(done % bounds.size, done % bounds.size + count)
            again = np.flatnonzero((words * in_turn[turns] & np.uint64(LOW_WORD)) < passed_over[turns])
            # A word that is passed over moves the words behind it to the draw before: they are looked at anew.
            taken = int(again[0]) if again.size else count
            words = words[taken + 1 :]
            done += taken

    def _swap_targets(self, size: int) -> list[int]:
        """With which position each of the positions 1..size-1 is swapped, in turn."""
        bounds = shuffle_bounds(size)
        drawn = self._below_each(bounds)
        if not draws_pairs(size):
            return drawn
        # A draw under b0 * b1 is a pair: its quotient by b1 is under b0, its remainder under b1 = b0 + 1.
        single = 1 - size % 2
        targets = drawn[:single]
        for position, pair in zip(range(1 + single, size, 2), drawn[single:], strict=True):
            targets.extend(divmod(pair, position + 2))
        return targets

    def _below_each(self, bounds: list[int]) -> list[int]:
        """One draw under each of `bounds`, in turn.

        At least one word a draw is needed, so as many are fetched at once; those for draws made again come singly.
        """
        words = chain(self.words(len(bounds)).tolist(), iter(self._bits.random_raw, None))
        drawn = []
        for bound in bounds:
            passed_over = WORD_RANGE % bound
            product = next(words) * bound
            while product & LOW_WORD < passed_over:
                product = next(words) * bound
            drawn.append(product >> 32)
        return drawn


def draws_pairs(size: int) -> bool:
    """Whether std::shuffle takes two positions from one draw: while size^2 fits into a word, so up to 65,535."""
    return size > 0 and LOW_WORD // size >= size


def shuffle_bounds(size: int) -> list[int]:
    """The bound of each draw that std::shuffle of `size` elements makes, in turn.

    In pairs, an even size leaves one position over, which is drawn first and alone.
    """
    if not draws_pairs(size):
        return list(range(2, size + 1))
    alone = [2] if size % 2 == 0 else []
    return alone + [(position + 1) * (position + 2) for position in range(1 + len(alone), size, 2)]
