"""Which sample each query asks for: LoadGen's loaded set and the draws from it.

LoadGen 6.0.17 (the dialect `loadgen-6.0`), loadgen.cc, GenerateLoadableSets and GenerateQueries.
"""

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.stream.twister import Twister


def performance_set(qsl_seed: int, total_samples: int, performance_samples: int) -> NDArray[np.int64]:
    """The samples that a performance run loads, in the order in which it loads them.

    Since #2414 (6.0.17) LoadGen shuffles only the first `performance_samples` of the library; before, it took that
    many at random from the whole of it.
    """
    candidates = np.arange(min(performance_samples, total_samples), dtype=np.int64)
    return Twister(qsl_seed).shuffled(candidates)


def drawn_with_replacement(
    sample_seed: int, loaded: NDArray[np.int64], min_queries: int, queries: int
) -> NDArray[np.int64]:
    """The sample of each of `queries` queries of one sample: an independent draw from the loaded set.

    Before it draws, LoadGen shuffles the set once for the order without repetition, and then as often as it takes
    for that many copies of the set to hold `min_queries`, for the concatenated permutations. It does so whether the
    orders are used or not, and from the same generator, so what these shuffles consume is consumed here too.
    """
    words = Twister(sample_seed)
    words.skip_shuffles(loaded.size, 1 + -(-min_queries // loaded.size))
    return loaded[words.below(loaded.size, queries)]
