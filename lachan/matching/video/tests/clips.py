"""Benign moving pictures: discs that wander over a slope."""

import numpy as np


def pictures(number, *, width=160, height=120, seed=1):
    """`number` pictures, uint8[height, width, 3]; each of the same scene, whatever its size."""
    random = np.random.default_rng(seed)
    discs = random.uniform(0.1, 0.9, (9, 2))
    ways = random.uniform(-0.02, 0.02, (9, 2))
    sizes, greys = random.uniform(0.05, 0.25, 9), random.uniform(0, 255, (9, 3))
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    for at in range(number):
        picture = np.stack([255 * down, 255 * across, 128 * (down + across)], axis=2)
        for (y, x), size, grey in zip((discs + at * ways) % 1, sizes, greys, strict=True):
            picture[(down - y) ** 2 + (across - x) ** 2 < size**2] = grey
        yield picture.clip(0, 255).astype(np.uint8)


def clip(path, shown, *, rate=5, codec="mpeg4"):
    """Write pictures as a video; the suffix names the form."""
    import av

    shown = list(shown)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.bit_rate = 2_000_000
        stream.height, stream.width = shown[0].shape[:2]
        for picture in shown:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path
