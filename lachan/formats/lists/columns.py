"""What the columns of tables mean: the heads of CSV files, the keys of JSON objects, the types of MISP and others.

A row of a table names one thing in several ways: its page, the host of that page, the address of that host.
**Threat:** a list of pages whose hosts are taken instead blocks a whole forum. So the narrowest column counts,
and where it is unreadable the row is quarantined, never widened.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lachan.formats.classification.categories import UnknownCategory, category_code
from lachan.formats.lists.form import Found, wide_name
from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.names import is_plain_name
from lachan.formats.observables.parsing import kinds, parse
from lachan.formats.observables.record import InvalidObservable

PRINTS = ("pdq", "sha256", "sha1", "md5")
"""Columns that name a kind of their own; a row may have several (`lachan hash` writes such lists)."""
_WORDS = {
    "url": "url,urls,uri,web address,webpage,page url,phishing url,phish url,malware url,target url,url full,"
    "địa chỉ web,đường dẫn,liên kết,lien,adresse web",
    "account": "account,social account,tài khoản,compte",
    "email": "email,e mail,mail,email address,email src,email dst,e mail address,thư điện tử,courriel",
    "phone": "phone,phone number,telephone,tel,mobile,msisdn,sđt,số điện thoại,điện thoại,téléphone",
    "domain": "domain,domains,domain name,host,hosts,hostname,hostnames,host name,fqdn,site,website,"
    "tên miền,trang web,domaine,nom de domaine,nom d hôte,hôte,instance",
    "ip": "ip,ips,ipv4,ipv6,ip address,ip addr,ip src,ip dst,src ip,dst ip,source ip,destination ip,"
    "ipv4 addr,ipv6 addr,ipv4 address,ipv6 address,địa chỉ ip,adresse ip",
    "address": "address,địa chỉ,adresse",
    "value": "value,value1,indicator,ioc,ioc value,indicator value,observable,observable value,attribute value,"
    "entry,item,artifact,giá trị,chỉ dấu,valeur,indicateur",
    "path": "path,url path,uri path,page path,đường dẫn trang,chemin",
    "hash": "hash,digest,file hash,filehash,hash value,mã băm,empreinte",
    "kind": "kind,type,loại,ioc type,indicator type,observable type,attribute type,hash type,algorithm",
    "block": "to ids",
    "severity": "severity",
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words.split(",")}
_PRINT = re.compile(
    r"(?:file ?hash ?|hash ?)?(md ?5|sha ?1|sha ?(?:2 )?256|pdq)(?: ?(?:hash|digest|sum))?"
)
_NARROWEST = ("url", "account", "email", "phone", "domain", "ip")
_GENERAL = ("value", "hash")
_NONE = frozenset({"", "-", "--", "n/a", "na", "null", "none", "nil", "\\n"})
_NOT_BLOCKED = {"block": {"0", "false", "no"}, "severity": {"noop"}}
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_MISP = {"malware sample": "filename|md5"}


@lru_cache(maxsize=4096)
def role(name: str) -> str:
    """What a column holds: a kind, `ip` (either), `address` (web or other), `value` or `hash` (its kind is
    guessed or stands beside it), `kind`, `block` or `severity` (whether it is meant at all), or nothing that
    is looked at.
    """
    word = _plain(name)
    if print_ := _PRINT.fullmatch(word):
        return print_[1].replace(" 2 ", "").replace(" ", "")
    return _ROLES.get(word, "")


def is_head(names: list[str]) -> bool:
    """Whether these are names of columns, one of which holds values."""
    dotted = [name for name in names if is_plain_name(name)]
    if dotted and not any(map(role, dotted)):
        return False  # values: only where columns are called like `url.full` do names have dots
    roles = {role(name) for name in names} - {"", "kind", "path", *_NOT_BLOCKED}
    return bool(roles) and (len(names) > 1 or not roles.isdisjoint((*PRINTS, "hash")))


def row_values(row: Mapping[str, Any], shown: str) -> Iterator[Found]:
    """The values of one row: each fingerprint, and of what else it names the narrowest.

    Args:
        row: cells by the name of their column; what is no text is a fact.
        shown: the row as it may be shown where it cannot be used.
    """
    cells: dict[str, tuple[str, str]] = {}
    for name, cell in row.items():
        if (held := role(name)) and held not in cells and _is_said(cell):
            cells[held] = name, str(cell).strip()
    if any(
        name in cells and cells[name][1].lower() in words for name, words in _NOT_BLOCKED.items()
    ):
        yield Found(shown, reason="not-to-block")
        return
    prints = [Found(cells[name][1], name) for name in PRINTS if name in cells]
    # Without the other columns: of files they hold paths and names.
    yield from prints
    if (chosen := _narrowest(cells)) is None:
        if not prints:
            yield Found(shown, reason="no-value")
        return
    name, text, kind = chosen
    said = "kind" in cells and role(name) in _GENERAL
    if not said and kind in (None, "domain") and (page := _page(cells, row, text)):
        name, text, kind = page
    left = {
        key: _clean(fact)
        for key, fact in row.items()
        if fact not in (None, "") and key != name and role(key) != "kind"
    }
    yield Found(text, kind, left)


def kind_named(word: str) -> str | None:
    """The kind that a word of a list means (`FileHash-SHA256`, `ip-dst`, `hostname`); `ip` is either.

    None for a word that says nothing of the kind: a category, or nothing.
    """
    meant = role(word)
    if meant in kinds() or meant == "ip":
        return meant
    if not word.strip() or meant:
        return None
    try:
        category_code(word)
    except UnknownCategory:
        return word.strip().lower()  # a kind that nobody here knows: never to be guessed at
    return None


def typed(text: str, word: str) -> tuple[str, str | None]:
    """A value and its kind, by the word that stands beside it; of several in one (MISP's `domain|ip`) the
    narrowest. None as `kind_named` says.
    """
    word = _MISP.get(_plain(word), word)
    if "|" in word:
        parts = zip(word.split("|"), text.split("|"), strict=False)
        named = {kind_named(kind): part for kind, part in parts}
        kind = next((kind for kind in (*PRINTS, *_NARROWEST) if kind in named), None)
        if kind is None:
            return text, word.lower()
        text, word = named[kind].strip(), kind
    word = word.replace(":port", "").replace("_port", "")
    kind = kind_named(word)
    return _address(text, kind) if kind in ("ip", "domain") else (text, kind)


def _narrowest(cells: Mapping[str, tuple[str, str]]) -> tuple[str, str, str | None] | None:
    """(column, text, kind) of the one that counts."""
    for general in _GENERAL:
        if general in cells:
            name, text = cells[general]
            return name, *typed(text, cells["kind"][1] if "kind" in cells else "")
    found = {kind: cells[kind] for kind in _NARROWEST if kind in cells}
    if "address" in cells:
        found.setdefault(_looks_like(cells["address"][1]), cells["address"])
    for kind in (*_NARROWEST, ""):
        if kind in found:
            name, text = found[kind]
            return name, *typed(text, kind)
    return None


def _address(text: str, kind: str) -> tuple[str, str]:
    """What stands where a host is meant: a name, an address, now and then a page."""
    if "/" in text:
        return text, "url" if kind == "domain" else "ipv4"
    if bare := _PORT.fullmatch(text):
        text = bare[1].strip("[]")
    if kind == "ip" or _IPV4.fullmatch(text):
        return text, "ipv6" if ":" in text else "ipv4"
    return wide_name(text), kind


def _page(
    cells: Mapping[str, tuple[str, str]], row: Mapping[str, Any], host: str
) -> tuple[str, str, str] | None:
    """(column, URL, kind) of a page on a host, where the row names one in whatever column."""
    if "path" in cells and is_plain_name(host):
        name, path = cells["path"]
        if path.startswith("/") and path != "/":
            return name, f"{host}{path}", "url"
    for name, cell in row.items():
        if isinstance(cell, str) and "/" in cell and _is_page_of(cell, host):
            return name, cell.strip(), "url"
    return None


def _is_page_of(text: str, host: str) -> bool:
    """Whether a text is the URL of a page on a host or below it, and not of who reports it or of the whole site."""
    if " " in text.strip():
        return False
    try:
        url, name = parse(text, "url").value, parse(host).value
    except InvalidObservable:
        return False
    own = host_of(url)[1]
    whole = url.partition("://")[2].partition("/")[2] == ""
    return not whole and (own == name or own.endswith(f".{name}"))


def _looks_like(text: str) -> str:
    if "://" in text or "/" in text:
        return "url"
    return "email" if "@" in text else ""


def _clean(fact: Any) -> Any:
    """A fact without the marks that stand for bytes that are no UTF-8."""
    return fact.encode("utf-8", "replace").decode() if isinstance(fact, str) else fact


def _is_said(cell: object) -> bool:
    if isinstance(cell, bool | int):
        return True
    return isinstance(cell, str) and cell.strip().lower() not in _NONE


def _plain(name: str) -> str:
    """`#Domain`, `ip-dst` and `SHA256_Hash` are domain, ip dst and sha256 hash."""
    name = unicodedata.normalize("NFC", name).strip(" \t#%\"'\ufeff").lower()
    return re.sub(r"[\s_.\-’']+", " ", name).strip()
