"""Accounts, as platform:handle."""

import re
import unicodedata
from urllib.parse import unquote

import can_ada

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.kinds.phone import Phone
from lachan.formats.observables.platforms import Platform, platform_names, platforms, profile_of
from lachan.formats.observables.record import InvalidObservable

_ADDRESS = re.compile(r"(?:https?://)?[\w.-]+\.[a-z]{2,}/.*", re.IGNORECASE)


class Account(Kind):
    name = "account"
    order = 25

    def recognise(self, text: str) -> bool:
        if _ADDRESS.fullmatch(text):
            return _profile(text) is not None
        name, colon, handle = text.partition(":")
        return bool(colon and handle) and name.strip().lower() in platform_names()

    def canonical(self, text: str) -> str:
        """From `platform:handle` (platform by code, name or alias) or from a profile's address."""
        if found := _profile(text):
            platform, handle = found
        else:
            name, colon, handle = text.partition(":")
            if not colon or handle.startswith("//"):
                raise InvalidObservable("platform-missing")
            code = platform_names().get(name.strip().lower())
            if code is None:
                raise InvalidObservable("platform-unknown")
            platform = platforms()[code]
        return f"{platform.code}:{_handle(platform, handle)}"

    def display(self, value: str) -> str:
        code, _, handle = value.partition(":")
        platform = platforms().get(code)
        return f"{platform.name if platform else code}: {handle}"

    def examples(self) -> list[Example]:
        return [
            Example("tiktok:@Nguoi.La", "tiktok:nguoi.la"),
            Example("https://www.tiktok.com/@Nguoi.La?lang=vi", "tiktok:nguoi.la"),
            Example(
                "https://m.facebook.com/profile.php?id=100000000000001", "facebook:100000000000001"
            ),
            Example("fb: Nguoi.La", "facebook:nguoila"),
            Example("zalo.me/0912345678", "zalo:+84912345678"),
            Example("telegram: nguoi_la", "telegram:nguoi_la"),
            Example("https://t.me/nguoi_la", "telegram:nguoi_la"),
            Example("nguoi_la", reason="platform-missing"),
            Example("https://www.facebook.com/groups/1", reason="platform-missing"),
            Example("mangla:nguoi_la", reason="platform-unknown"),
            Example("tiktok:ngườ i", reason="handle-invalid"),
        ]


def _profile(text: str) -> tuple[Platform, str] | None:
    if not _ADDRESS.fullmatch(text):
        return None
    try:
        url = can_ada.parse(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    return profile_of(url.hostname, unquote(url.pathname) + url.search)


def _handle(platform: Platform, text: str) -> str:
    handle = unicodedata.normalize("NFC", text.strip().removeprefix("@").strip())
    if platform.phone and Phone().recognise(handle):
        return Phone().canonical(handle)
    lowered = handle.lower()
    if not (platform.cased and platform.cased.fullmatch(lowered)):
        handle = lowered
    if platform.drop and not handle.isdigit():
        handle = handle.replace(platform.drop, "")
    if not platform.handle.fullmatch(handle.lower()):
        raise InvalidObservable("handle-invalid")
    return handle
