"""The machine's own limit for a look-up: the cache lines that it must touch, touched and nothing else."""

import time

import numpy as np

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq import lookup, sort
from lachan.matching.algorithms.pdq.chunks import BOUNDS
from lachan.matching.algorithms.pdq.layout import DIRECTORY_STRIDE
from lachan.matching.algorithms.pdq.vector import bits, load16, load32, load64, prefetch, store64


def lines_of(segment, codes, radius):
    """The addresses of all lines that looking these hashes up touches, in the order of the kernel's stages:
    directories, buckets, then the chunks after the next of what is left. The less than one hash that is
    looked at in the end is left out.
    """
    chunked = np.empty_like(codes)
    sort.cut(codes.ctypes.data, chunked.ctypes.data, len(codes))
    out = np.empty(len(codes) * 272 * (4 + 2 * segment.count // (65536 * 8)), np.int64)
    bounds = np.ascontiguousarray(BOUNDS[radius])
    plan, asked = segment.plan.ctypes.data, chunked.ctypes.data
    return out[: _trace(plan, asked, len(codes), bounds, DIRECTORY_STRIDE, out.ctypes.data)].copy()


def best_ahead(parts):
    """The distance of prefetching that suits this machine best."""

    def seconds(ahead):
        began = time.perf_counter()
        for lines in parts:
            touch(lines, ahead)
        return time.perf_counter() - began

    return min(
        (8, 16, 24, 32, 48, 64, 96, 128, 192),
        key=lambda ahead: min(seconds(ahead) for _ in range(3)),
    )


@njit
def touch(lines, ahead):
    total = 0
    for i in range(len(lines) - ahead):
        prefetch(lines[i + ahead])
        total ^= load64(lines[i])
    return total


@njit
def _buckets(directory, key, flips):
    """Addresses of the directory's numbers for a key and, with flips, its 16 neighbours."""
    out = np.empty(1 + flips, np.int64)
    out[0] = directory + 4 * key
    for bit in range(flips):
        out[1 + bit] = directory + 4 * (key ^ (1 << bit))
    return out


@njit
def _trace(plan, codes, count, bounds, stride, out):
    used = 0
    for query in range(count):
        code = codes + 32 * query
        for chunk in range(16):
            directory = load64(plan + lookup.DIRECTORIES) + stride * chunk
            if bounds[0, chunk] >= 0:
                places = _buckets(directory, load16(code + 2 * chunk), 16 * bounds[0, chunk])
                for n in range(len(places)):
                    if n == 0 or n > 4:
                        store64(out + 8 * used, places[n] & -64)
                        used += 1
        for chunk in range(16):
            directory = load64(plan + lookup.DIRECTORIES) + stride * chunk
            short = load64(plan + lookup.SHORT_STRIDE) * chunk
            words = load64(plan + lookup.NEXT) + short
            if bounds[0, chunk] >= 0:
                for place in _buckets(directory, load16(code + 2 * chunk), 16 * bounds[0, chunk]):
                    begin, end = words + 2 * load32(place), words + 2 * load32(place + 4)
                    line = begin & -64
                    store64(out + 8 * used, line)
                    used += 1
                    for further in range(line + 64, end, 64):
                        store64(out + 8 * used, further)
                        used += 1
        used = _survivors(plan, code, bounds, stride, out, used)
    return used


@njit
def _survivors(plan, code, bounds, stride, out, used):
    gap = load64(plan + lookup.AFTER) - load64(plan + lookup.NEXT)
    for chunk in range(16):
        directory = load64(plan + lookup.DIRECTORIES) + stride * chunk
        words = load64(plan + lookup.NEXT) + load64(plan + lookup.SHORT_STRIDE) * chunk
        following = load16(code + 2 * ((chunk + 1) & 15))
        if bounds[0, chunk] >= 0:
            places = _buckets(directory, load16(code + 2 * chunk), 16 * bounds[0, chunk])
            for n in range(len(places)):
                most = bounds[1, chunk] - (1 if n else 0)
                begin, end = load32(places[n]), load32(places[n] + 4)
                for entry in range(words + 2 * begin, words + 2 * end, 2):
                    if bits(load16(entry) ^ following) <= most:
                        store64(out + 8 * used, (entry + gap) & -64)
                        used += 1
    return used
