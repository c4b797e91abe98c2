"""What may be set, by flag or by environment, and the policy file that may change while we run."""

import argparse
import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from lachan.edge.dns.local import canaries_known, forward_names
from lachan.edge.dns.policy import EDE_CODES, AnswerMode, Policy
from lachan.edge.dns.upstream import Upstream
from lachan.formats.classification.categories import UnknownCategory, category_filter
from lachan.kernel.bounds import number_read
from lachan.kernel.env import Env, EnvError
from lachan.kernel.errors import InvalidInput
from lachan.kernel.home import home_path


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    home: Path
    listen: tuple[tuple[str, int], ...]
    upstreams: tuple[Upstream, ...]
    policy: Policy
    policy_file: Path
    cache_bytes: int
    plain: bool = False


class PolicyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`dns-policy.json`: what is named here takes the place of the flag; read again when it changes."""

    answer: AnswerMode | None = None
    block_categories: list[str] | None = None
    page: list[str] | None = None
    block_ttl: Annotated[int, msgspec.Meta(ge=1, le=3600)] | None = None
    ede: str | None = None
    appeal: str | None = None
    forward: list[str] | None = None
    canaries: list[str] | None = None


def address_parse(text: str, port: int) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`.

    Raises:
        ValueError: none of these.
    """
    host, _, tail = text.strip().rpartition(":")
    if text.startswith("["):
        bracket, _, rest = text[1:].partition("]")
        host, tail = bracket, rest.removeprefix(":") or str(port)
    elif ":" in host or not host:
        host, tail = text.strip(), str(port)
    number = number_read(tail, high=0xFFFF)
    if number is None:
        raise ValueError("no usable port: a number up to 65535 is wanted")
    try:
        return str(ipaddress.ip_address(host)), number
    except ValueError:
        raise ValueError("not an IP address, with or without a port") from None


def addresses_parse(text: str, port: int) -> tuple[tuple[str, int], ...]:
    words = [word for word in text.replace(",", " ").split() if word]
    return tuple(address_parse(word, port) for word in words)


def resolvers_of_system(path: Path = Path("/etc/resolv.conf")) -> str:
    """The nameservers that this machine itself uses; empty where it names none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    words = [line.split() for line in lines]
    found = [word[1].partition("%")[0] for word in words if word[:1] == ["nameserver"] and word[1:]]
    return " ".join(found)


def page_parse(addresses: list[str]) -> dict[str, tuple[str, ...]]:
    """Addresses of the block page by family, four of each at most: the answer must fit any packet.

    Raises:
        ValueError: not an IP address.
    """
    try:
        parsed = [ipaddress.ip_address(word) for word in addresses]
    except ValueError:
        raise ValueError("not an IP address, or one with a port") from None
    return {
        "page_ipv4": tuple(str(one) for one in parsed if one.version == 4)[:4],
        "page_ipv6": tuple(str(one) for one in parsed if one.version == 6)[:4],
    }


def appeal_parse(text: str) -> str:
    """Where to appeal, as it fits beside a category into EXTRA-TEXT (`Policy.extra_text`).

    Raises:
        ValueError: it would be cut, or holds what cannot be shown.
    """
    if len(text.strip().encode()) > 100 or not text.isprintable():
        raise ValueError("one line of at most 100 bytes is wanted, or it would be cut")
    return text.strip()


def forward_parse(words: Iterable[str]) -> frozenset[str]:
    """The names that are asked upstream; `none` is none.

    Raises:
        ValueError: see `forward_names`.
    """
    return forward_names(word for word in words if word.strip().lower() != "none")


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", text) if word]


def categories_parse(words: Iterable[str]) -> frozenset[str]:
    """The codes that are blocked; none named, or `all`, is all.

    Raises:
        ValueError: there is no such category.
    """
    named = [one for word in words for one in _words(word)]
    if any(one.lower() == "all" for one in named):
        return frozenset()
    try:
        return category_filter(named)
    except UnknownCategory as error:
        raise ValueError(str(error)) from None


def canaries_parse(words: Iterable[str]) -> frozenset[str]:
    """The canaries that are answered; `none` is none.

    Raises:
        ValueError: there is no such canary.
    """
    known = canaries_known()
    named = {word.strip().lower() for word in words} - {"none"}
    for word in sorted(named.difference(known)):
        raise ValueError(f"{word[:40]!r} is no canary; there are: {', '.join(known)}, or none")
    return frozenset(named)


def ede_parse(word: str) -> int:
    """The code of RFC 8914.

    Raises:
        ValueError: none of ours.
    """
    if word not in EDE_CODES:
        raise ValueError(f"ede is one of {', '.join(EDE_CODES)}")
    return EDE_CODES[word]


def policy_checked(policy: Policy) -> Policy:
    if policy.answer == "page" and not (policy.page_ipv4 or policy.page_ipv6):
        raise ValueError("the answer `page` needs the address of a block page")
    return policy


def policy_overlay(policy: Policy, raw: bytes) -> Policy:
    """The policy with what a policy file says.

    Raises:
        InvalidInput: the file cannot be followed; the message says why.
    """
    try:
        given = msgspec.json.decode(raw, type=PolicyFile)
        changes: dict[str, object] = {}
        if given.answer is not None:
            changes["answer"] = given.answer
        if given.block_categories is not None:
            changes["categories"] = categories_parse(given.block_categories)
        if given.page is not None:
            changes.update(page_parse(given.page))
        if given.block_ttl is not None:
            changes["ttl"] = given.block_ttl
        if given.ede is not None:
            changes["ede"] = ede_parse(given.ede)
        if given.appeal is not None:
            changes["appeal"] = appeal_parse(given.appeal)
        if given.forward is not None:
            changes["forward"] = forward_parse(given.forward)
        if given.canaries is not None:
            changes["canaries"] = canaries_parse(given.canaries)
        return policy_checked(msgspec.structs.replace(policy, **changes))
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInput(f"dns-policy.json: {error}") from None


def parser_make() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lachan.edge.dns",
        description="Lá Chắn's DNS server: blocks what the snapshot names, forwards everything else.",
        epilog="Each flag may also be set by the variable in brackets. docs/howto/dns-edge.md",
    )
    add = parser.add_argument
    add(
        "--listen",
        metavar="ADDRESS:PORT",
        help="comma-separated [LACHAN_DNS_LISTEN, 127.0.0.1:5353]",
    )
    add(
        "--upstream",
        metavar="ADDRESS",
        help="resolvers to ask [LACHAN_DNS_UPSTREAM, /etc/resolv.conf]",
    )
    add(
        "--answer",
        choices=["nxdomain", "null", "page"],
        help="for blocked names [LACHAN_DNS_ANSWER]",
    )
    add(
        "--block-categories",
        metavar="CODES",
        help="only these and those below them, codes or aliases as in `import`"
        " [LACHAN_DNS_BLOCK_CATEGORIES, all]",
    )
    add(
        "--page", metavar="ADDRESSES", help="of the block page, for --answer page [LACHAN_DNS_PAGE]"
    )
    add("--block-ttl", metavar="SECONDS", help="of a blocked answer [LACHAN_DNS_BLOCK_TTL, 10]")
    add(
        "--ede",
        choices=list(EDE_CODES),
        help="whose will a block is, RFC 8914 [LACHAN_DNS_EDE, blocked]",
    )
    add("--appeal", metavar="TEXT", help="where to appeal, sent with a block [LACHAN_DNS_APPEAL]")
    add(
        "--forward",
        metavar="NAMES",
        help="names and networks to ask upstream that would be answered here, such as"
        " home.arpa,192.168.0.0/16 [LACHAN_DNS_FORWARD, none]",
    )
    add(
        "--canaries",
        metavar="NAMES",
        help="ask these not to pass this server by [LACHAN_DNS_CANARIES, firefox,icloud]",
    )
    add("--cache-mb", metavar="MIB", help="for kept answers [LACHAN_DNS_CACHE_MB, 64]")
    add("--plain", action="store_true", help="without the compiled path")
    add("--warm", action="store_true", help="compile the packet path ahead, and end")
    return parser


def settings_make(flags: argparse.Namespace, env: Env | None = None) -> Settings:
    """Flags first, then the environment, then the defaults.

    Raises:
        EnvError: a value cannot be used.
    """
    given = {
        f"LACHAN_DNS_{name.upper()}": value
        for name, value in vars(flags).items()
        if isinstance(value, str)
    }
    if env is None:
        env = Env(flags=given)
    page = env.parsed(
        "LACHAN_DNS_PAGE", "", lambda text: page_parse(text.replace(",", " ").split())
    )
    policy = Policy(
        answer=env.one_of("LACHAN_DNS_ANSWER", "nxdomain", ("nxdomain", "null", "page")),  # type: ignore[arg-type]
        categories=env.parsed(
            "LACHAN_DNS_BLOCK_CATEGORIES", "", lambda text: categories_parse([text])
        ),
        ttl=env.number("LACHAN_DNS_BLOCK_TTL", 10, low=1, high=3600),
        ede=EDE_CODES[env.one_of("LACHAN_DNS_EDE", "blocked", tuple(EDE_CODES))],
        appeal=env.parsed("LACHAN_DNS_APPEAL", "", appeal_parse),
        forward=env.parsed("LACHAN_DNS_FORWARD", "", lambda text: forward_parse(_words(text))),
        canaries=env.parsed(
            "LACHAN_DNS_CANARIES",
            ",".join(canaries_known()),
            lambda text: canaries_parse(_words(text)),
        ),
        page_ipv4=page["page_ipv4"],
        page_ipv6=page["page_ipv6"],
    )
    env.parsed("LACHAN_DNS_ANSWER", "", lambda _: policy_checked(policy))
    listen = env.parsed("LACHAN_DNS_LISTEN", "127.0.0.1:5353", lambda t: addresses_parse(t, 53))
    if not listen:
        raise EnvError("LACHAN_DNS_LISTEN names no address: nothing would be answered")
    upstream = env.parsed(
        "LACHAN_DNS_UPSTREAM", resolvers_of_system(), lambda text: addresses_parse(text, 53)
    )
    if env.is_set("LACHAN_DNS_UPSTREAM") and not set(upstream) - set(listen):
        raise EnvError(
            "LACHAN_DNS_UPSTREAM names no resolver but this edge: leave it out, or name one"
        )
    if any(port == 0 for _, port in upstream):
        raise EnvError("LACHAN_DNS_UPSTREAM: a resolver's port is a number from 1")
    home = home_path()
    return Settings(
        home=home,
        listen=listen,
        upstreams=tuple(Upstream(*one) for one in upstream if one not in listen),
        policy=policy,
        policy_file=home / "dns-policy.json",
        cache_bytes=env.number("LACHAN_DNS_CACHE_MB", 64, low=1, high=16_384) << 20,
        plain=flags.plain,
    )
