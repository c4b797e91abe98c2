"""Accounts, as platform:handle."""

import re
import unicodedata

import can_ada

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.platforms import (
    Ownership,
    Platform,
    is_profile_host,
    owner_of,
    platform_names,
    platforms,
)
from lachan.formats.observables.record import InvalidObservable

_ADDRESS = re.compile(
    r"(?:https?://)?(?P<host>[\w.-]++)(?::\d{1,5})?(?P<path>[/?#].*)?", re.IGNORECASE
)
# What a telephone's own link says: `tg://resolve?domain=ten`.
_DEEP_LINK = re.compile(
    r"tg:(?://)?resolve/?\?(?:[^#\s]*&)?domain=(?P<handle>\w{3,32})(?:[&#].*)?", re.IGNORECASE
)


class Account(Kind):
    name = "account"
    order = 25
    code = 7
    narrow = 50
    columns = "account,social account,tài khoản,compte"

    def recognise(self, text: str) -> bool:
        if _profile(text) is not None:
            return True
        name, colon, handle = text.partition(":")
        return bool(colon and handle) and name.strip().lower() in platform_names()

    def canonical(self, text: str) -> str:
        """From `platform:handle` (platform by code, name or alias) or from a profile's address."""
        if found := _profile(text):
            platform, handle, _ = found
        else:
            name, colon, handle = text.partition(":")
            if not colon or handle.startswith("//"):
                raise InvalidObservable("platform-missing")
            code = platform_names().get(name.strip().lower())
            if code is None:
                raise InvalidObservable("platform-unknown")
            platform = platforms()[code]
        return _value(platform, handle)

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
            Example(
                "https://facebook.com/profile.php?mibextid=x&id=100000000000001&sk=about",
                "facebook:100000000000001",
            ),
            Example("https://vi-vn.facebook.com/Nguoi.La/photos/?ref=x", "facebook:nguoila"),
            Example("youtube.com/channel/UC" + "a" * 22 + "/videos", "youtube:UC" + "a" * 22),
            Example("nguoi-la.t.me", reason="handle-invalid"),
            Example("ten.t.me", "telegram:ten"),
            Example("https://l.facebook.com/l.php?u=x", reason="platform-missing"),
            Example("https://developers.facebook.com/docs", reason="platform-missing"),
            Example("https://help.x.com/en", reason="platform-missing"),
            Example("https://x.com/nguoila/status/1", reason="platform-missing"),
            Example("nguoi_la", reason="platform-missing"),
            Example("https://www.facebook.com/groups/1", reason="platform-missing"),
            Example("mangla:nguoi_la", reason="platform-unknown"),
            Example("tiktok:ngườ i", reason="handle-invalid"),
        ]


def account_of(host: str, path: str) -> str | None:
    """The account that an address leads to, or that put there what it leads to; None for nobody's.

    Args:
        host, path: of a canonical URL, the path with its query.
    """
    if (owner := owner_of(host, path)) is None:
        return None
    try:
        return _value(owner.platform, owner.handle)
    except InvalidObservable:
        return None


def former(value: str, raw: str) -> list[str]:
    """What entries of before may call an account: a person on Messenger had another name than on Facebook.

    Args:
        value: the account in its canonical form.
        raw: as it was written; its handle may hold letters that the platform ignores.
    """
    code, _, handle = value.partition(":")
    written = raw.lower().partition("?")[0].rstrip("/")
    written = re.split(r"[/:@\s]", written)[-1]
    own = platforms()[code].drop if code in platforms() else ""
    handles = [handle, written] if own and written.replace(own, "") == handle else [handle]
    others = [each.code for each in platforms().values() if each.person_of == code]
    return [f"{other}:{each}" for other in others for each in dict.fromkeys(handles)]


def telephone(value: str) -> str:
    """The number that an account is held under, in E.164; empty where it has a name."""
    code, _, handle = value.partition(":")
    known = code in platforms() and platforms()[code].phone
    return handle if known and handle.startswith("+") else ""


def _value(platform: Platform, handle: str) -> str:
    platform = platforms().get(platform.person_of, platform)
    return f"{platform.code}:{_handle(platform, handle)}"


def _profile(text: str) -> Ownership | None:
    """Whose profile an address is, as people write it: with its scheme, a path, or a name of its own."""
    if deep := _DEEP_LINK.fullmatch(text):
        text = f"https://t.me/{deep['handle']}"
    found = _ADDRESS.fullmatch(text)
    if not found or not (found["path"] or "://" in text or is_profile_host(found["host"].lower())):
        return None
    try:
        url = can_ada.parse(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    owner = owner_of(url.hostname.removesuffix("."), url.pathname + url.search)
    return owner if owner and owner.profile else None


def _handle(platform: Platform, text: str) -> str:
    handle = unicodedata.normalize("NFC", text.strip().removeprefix("@").strip())
    if platform.phone:
        # Late: libphonenumber costs a tenth of a second, also of an edge's start.
        from lachan.formats.observables.kinds.phone.kind import Phone

        if Phone().recognise(handle):
            return Phone().canonical(handle)
    lowered = handle.lower()
    if not (platform.cased and platform.cased.fullmatch(lowered)):
        handle = lowered
    if platform.drop and not handle.isdigit():
        handle = handle.replace(platform.drop, "")
    if not platform.handle.fullmatch(handle.lower()):
        raise InvalidObservable("handle-invalid")
    return handle
