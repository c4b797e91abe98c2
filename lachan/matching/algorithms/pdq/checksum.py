"""Whether a file is still what was written: a sum over its words, at the speed of memory."""

from concurrent.futures import ThreadPoolExecutor

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.layout import PAGE
from lachan.matching.algorithms.pdq.vector import load64

_MIX = 0x2545F4914F6CDD1D
_WEIGHED = 1 << 24  # bytes weighed by one thread at once


@njit("int64(int64,int64,int64)", nogil=True, cache=True)
def weigh(address: int, words: int, first: int) -> int:
    """The checksum of `words` words of 64 bits of which the first is a file's word `first`.

    A sum, so that threads may add up their parts; each word counts by its place. Zeros count nothing:
    gaps need no reading. One changed word is always noticed, anything else but once in 2**64. Against
    accidents, not against malice.
    """
    total = 0
    for i in range(words):
        word = load64(address + 8 * i)
        total += (word ^ ((word >> 32) & 0xFFFFFFFF)) * _MIX * (2 * (first + i) + 1)
    return total


def weigh_all(address: int, size: int, threads: int = 1) -> int:
    """The checksum of a mapped file's bytes after its header."""
    starts = range(PAGE, size, _WEIGHED)

    def part(start: int) -> int:
        end = min(start + _WEIGHED, size)
        return int(weigh(address + start, (end - start) // 8, start // 8))

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(part, starts)) % (1 << 64)
