"""Picture files of every kind, made by Pillow from pixels that `pictures` draws."""

import io

import numpy as np
from PIL import Image

from lachan.matching.algorithms.pdq.tests.pictures import draw


def save(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def picture(number=1, width=150, height=120, channels=3):
    return Image.fromarray(draw(number, width, height, channels).squeeze())


def png(number=1, width=150, height=120, channels=3):
    return save(picture(number, width, height, channels), "PNG")


def turned_jpeg(orientation, number=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save(picture(number), "JPEG", quality=90, exif=exif)


def pixels(image):
    return np.asarray(image)
