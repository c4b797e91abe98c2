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

from lachan.formats.classification.categories import is_category
from lachan.formats.lists.form import Found, Lets, wide_name
from lachan.formats.lists.holders import lets_through, purpose
from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.names import is_plain_name
from lachan.formats.observables.parsing import kinds, parse
from lachan.formats.observables.record import InvalidObservable

_KINDS = sorted(kinds().values(), key=lambda kind: -kind.narrow)
PRINTS = tuple(kind.name for kind in _KINDS if kind.print_name)
"""Columns that name a kind of their own; a row may have several (`lachan hash` writes such lists)."""
# Beside what each kind is called.
_WORDS = {
    "ip": "ip,ips,ipv4,ipv6,ip address,ip addr,ip src,ip dst,src ip,dst ip,source ip,destination ip,"
    "ipv4 addr,ipv6 addr,ipv4 address,ipv6 address,địa chỉ ip,adresse ip",
    "address": "address,địa chỉ,adresse",
    "value": "value,value1,indicator,ioc,ioc value,indicator value,observable,observable value,attribute value,"
    "entry,item,artifact,giá trị,chỉ dấu,valeur,indicateur",
    "path": "path,url path,uri path,page path,đường dẫn trang,chemin",
    "hash": "hash,digest,file hash,filehash,hash value,mã băm,empreinte",
    "kind": "kind,type,loại,ioc type,indicator type,observable type,attribute type,hash type,algorithm",
    "block": "to ids,block,blocked,enabled,malicious,is malicious,verified,valid,is phishing,is blocked,should block",
    "allow": "deleted,revoked,whitelisted,whitelist,allowlisted,allowlist,allowed,allow,false positive,is false positive,"
    "is whitelisted,is safe,safe,benign,is benign,trusted,disabled,excluded,exclude,ignored,ignore,removed,is removed,"
    "retracted,withdrawn,legitimate,is legitimate",
    "action": "action,verdict,disposition,decision,severity,policy,effect,judgement,judgment,permission",
    "label": "label,labels,classification,class,status,state,result,rating,reputation,category,threat,tag,tags,list,"
    "list type,group",
    "pattern": "pattern",
}
_ROLES = {
    word: role
    for role, words in (*((kind.name, kind.columns) for kind in _KINDS), *_WORDS.items())
    for word in words.split(",")
    if word
}
_PRINT_NAMES = {kind.name: re.compile(kind.print_name) for kind in _KINDS if kind.print_name}
_PRINT = re.compile(
    rf"(?:file ?hash ?|hash ?)?({'|'.join(each.pattern for each in _PRINT_NAMES.values())})(?: ?(?:hash|digest|sum))?"
)
_NARROWEST = (*(kind.name for kind in _KINDS if kind.columns and not kind.print_name), "ip")
_GENERAL = ("value", "hash")
_NONE = frozenset({"", "-", "--", "n/a", "na", "null", "none", "nil", "\\n"})
_FLAGS = ("block", "allow", "action", "label", "pattern")
_NO = frozenset(
    {"0", "0.0", "false", "f", "no", "n", "off", "disabled", "inactive", "không", "non"}
)
_YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "on", "enabled", "active", "có", "oui", "x"})
# What says of a row that it is meant to be blocked.
_ACTS = re.compile(
    r"block|den[iy]|reject|suspend|silence|limit|drop|nxdomain|sinkhole|redirect|refuse|quarantine|black|add|ban|"
    r"malicious|malware|suspicious|phish|bad|harm|unsafe|untrust|disallow|illegit|danger|high|medium|low|critical|warn|alert|reject_media|"
    r"positive|true|chặn"
)
_NOT_ACTS = frozenset({"noop", "none", "off", "log", "let", "ok", "fp"})
_PIHOLE = {"0": "not-to-block", "2": "not-to-block", "3": "pattern-rule"}
_STIX = re.compile(
    r"\[\s*(?P<type>domain-name|url|ipv4-addr|ipv6-addr|email-addr|file)\s*:\s*"
    r"(?:value|hashes\.['\"]?(?P<hash>MD5|SHA-?1|SHA-?256)['\"]?)\s*=\s*'(?P<value>(?:[^'\\]|\\.)*)'\s*\]",
    re.IGNORECASE,
)
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_MISP = {"malware sample": "filename|md5"}


@lru_cache(maxsize=4096)
def role(name: str) -> str:
    """What a column holds: a kind, `ip` (either), `address` (web or other), `value` or `hash` (its kind is
    guessed or stands beside it), `kind`, `pattern` (STIX), one of what says whether it is meant at all, or
    nothing that is looked at.
    """
    word = _plain(name)
    if print_ := _PRINT.fullmatch(word):
        return next(name for name, each in _PRINT_NAMES.items() if each.fullmatch(print_[1]))
    return _ROLES.get(word, "")


def is_head(names: list[str]) -> bool:
    """Whether these are names of columns, one of which holds values."""
    dotted = [name for name in names if is_plain_name(name)]
    if dotted and not any(map(role, dotted)):
        return False  # values: only where columns are called like `url.full` do names have dots
    roles = {role(name) for name in names} - {"", "kind", "path", *_FLAGS}
    return bool(roles) and (len(names) > 1 or not roles.isdisjoint((*PRINTS, "hash")))


def row_values(row: Mapping[str, Any], shown: str) -> Iterator[Found]:
    """The values of one row: each fingerprint, and of what else it names the narrowest.

    Args:
        row: cells by the name of their column; what is no text is a fact.
        shown: the row as it may be shown where it cannot be used.
    """
    cells: dict[str, tuple[str, str]] = {}
    refused = ""
    for name, cell in row.items():
        if not (held := role(name)) or not _is_said(cell):
            continue
        text = str(cell).strip()
        if held in _FLAGS:
            refused = refused or _refused(held, text.lower())
        if held not in cells:
            cells[held] = name, text
    if not refused and "kind" in cells and not any(name in cells for name in _GENERAL):
        word = cells["kind"][1].lower()
        refused = "not-to-block" if lets_through(word) else _PIHOLE.get(word, "")
    if refused:
        through = None
        if refused in ("not-to-block", "removal") and (chosen := _narrowest(cells)):
            through = Lets(*chosen[1:])
        yield Found(shown, reason=refused, lets=through)
        return
    prints = [Found(cells[name][1], name) for name in PRINTS if name in cells]
    # Without the other columns: of files they hold paths and names.
    yield from prints
    if (chosen := _narrowest(cells)) is None:
        if "pattern" in cells:
            yield _compared(cells["pattern"][1])
        elif not prints:
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


def is_page_of(text: str, host: str) -> bool:
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


def kind_named(word: str) -> str | None:
    """The kind that a word of a list means (`FileHash-SHA256`, `ip-dst`, `hostname`); `ip` is either.

    None for a word that says nothing of the kind: a category, or nothing.
    """
    meant = role(word)
    if meant in kinds() or meant == "ip":
        return meant
    if not word.strip() or meant or is_category(word):
        return None
    return word.strip().lower()  # a kind that nobody here knows: never to be guessed at


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
        if isinstance(cell, str) and "/" in cell and is_page_of(cell, host):
            return name, cell.strip(), "url"
    return None


def _refused(held: str, said: str) -> str:
    """Why a cell says that its row is not to be blocked, or not clearly; empty where it may be."""
    if held == "block":
        return "not-to-block" if said in _NO or lets_through(said) else ""
    if held == "allow":
        return "" if said in _NO else "not-to-block" if said in _YES else "unknown-flag"
    if held == "pattern":
        return ""
    if lets_through(said) or said in _NOT_ACTS:
        return "removal" if said in ("remove", "removed") else "not-to-block"
    if held == "label":
        return "unknown-flag" if said.isdigit() and len(said) == 1 else ""
    return (
        "" if said in _YES or _ACTS.search(said) or purpose(said) == "entries" else "unknown-flag"
    )


def _compared(pattern: str) -> Found:
    """What a STIX pattern compares with (STIX 2.1, section 9); more than one comparison cannot be read."""
    if (found := _STIX.fullmatch(pattern.strip())) is None:
        return Found(pattern, reason="pattern-rule")
    text = re.sub(r"\\(.)", r"\1", found["value"])
    return Found(*typed(text, found["hash"] or found["type"]))


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
