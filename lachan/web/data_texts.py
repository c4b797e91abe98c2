"""Texts that data gives in several languages, as whoever reads needs them."""

from collections.abc import Mapping

from django.utils.functional import Promise, lazy
from django.utils.translation import get_language


def _said(words: Mapping[str, str]) -> str:
    code = (get_language() or "vi").partition("-")[0]
    return words.get(code, words["en"])


_lazily = lazy(_said, str)


def data_text_lazy(words: Mapping[str, str]) -> Promise:
    """As `gettext_lazy`, of a text that stands in a room's data by language: English where there is no other."""
    promise: Promise = _lazily(words)
    return promise
