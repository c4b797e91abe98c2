"""What may be set, by flag or by environment, and the policy file that may change while we run."""

import argparse
import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec

from lachan.edge.dns.local import canaries_known
from lachan.edge.dns.policy import EDE_CODES, AnswerMode, Policy
from lachan.edge.dns.upstream import Upstream
from lachan.edge.dns.values import (
    addresses_parse,
    appeal_parse,
    canaries_parse,
    categories_parse,
    ede_parse,
    forward_parse,
    page_parse,
    resolvers_of_system,
    words_of,
)
from lachan.edge.dns.ways import Ways, ways_make
from lachan.formats.profiles.door import check_host
from lachan.kernel.env import Env, EnvError
from lachan.kernel.env_kinds import host_pattern
from lachan.kernel.errors import InvalidInput
from lachan.kernel.home import home_path


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    home: Path
    listen: tuple[tuple[str, int], ...]
    upstreams: tuple[Upstream, ...]
    policy: Policy
    policy_file: Path
    cache_bytes: int
    ways: Ways
    own_hosts: tuple[str, ...] = ()
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
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""\
lachan dns
lachan dns --listen 192.0.2.53:53 --upstream 198.51.100.1
lachan dns --answer page --page 192.0.2.80

Each flag may also be set by the variable in brackets. docs/howto/dns-edge.md""",
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
    add(
        "--name",
        metavar="HOST",
        help="of this edge; devices reach it as LABEL.HOST [LACHAN_DNS_NAME, dns.localhost]",
    )
    add(
        "--tls-listen",
        metavar="ADDRESS:PORT",
        help="DNS over TLS, comma-separated [LACHAN_DNS_TLS_LISTEN, none]",
    )
    add(
        "--certificate", metavar="FILE", help="of HOST and *.HOST [LACHAN_DNS_CERTIFICATE, our own]"
    )
    add("--key", metavar="FILE", help="of the certificate [LACHAN_DNS_KEY]")
    add("--cache-mb", metavar="MIB", help="for kept answers [LACHAN_DNS_CACHE_MB, 64]")
    add(
        "--https-listen",
        metavar="ADDRESS:PORT",
        help="DNS over HTTPS, one [LACHAN_DNS_HTTPS_LISTEN, none]",
    )
    add("--https", action="store_true", help="answer that, and nothing else: a process of its own")
    add(
        "--authority",
        action="store_true",
        help="say by what devices trust the certificate of our own, and end",
    )
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
        forward=env.parsed("LACHAN_DNS_FORWARD", "", lambda text: forward_parse(words_of(text))),
        canaries=env.parsed(
            "LACHAN_DNS_CANARIES",
            ",".join(canaries_known()),
            lambda text: canaries_parse(words_of(text)),
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
    ways = ways_make(env)
    for name, addresses in (("TLS", ways.tls), ("HTTPS", ways.https)):
        if set(addresses) & {one for one in listen if one[1]}:
            raise EnvError(f"LACHAN_DNS_{name}_LISTEN names an address of LACHAN_DNS_LISTEN")
    return Settings(
        home=home,
        listen=listen,
        upstreams=tuple(Upstream(*one) for one in upstream if one not in listen),
        policy=policy,
        policy_file=home / "dns-policy.json",
        cache_bytes=env.number("LACHAN_DNS_CACHE_MB", 64, low=1, high=16_384) << 20,
        ways=ways,
        own_hosts=_own_hosts(env, ways),
        plain=flags.plain,
    )


def _own_hosts(env: Env, ways: Ways) -> tuple[str, ...]:
    """Names of this instance and this edge: from whoever's rules, they are reached."""
    edge = ways.names.host, check_host(ways.names.host), "resolver.arpa"
    hosts = (*env.each("LACHAN_HOSTS", "", host_pattern), *edge)
    found = {host.removeprefix(".") for host in hosts}
    return tuple(sorted(host for host in found if "." in host and not _is_address(host)))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
