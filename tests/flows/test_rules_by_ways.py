"""Each rule that a screen offers, for three ages: switched on the family's own pages, asked of real edges by plain DNS from
the child's network, over TLS and over HTTPS by the child's device. What is right is written here, and is the same by all
three ways.
"""

import dataclasses
import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping

import dns.edns
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.upstream import Upstream
from lachan.family.labels import OFFERED, rules_of
from lachan.family.models import Child, OwnName
from lachan.family.projecting import edge_key, profile_of
from lachan.family.records import Band
from lachan.family.services import devices
from lachan.family.tests.families import Family
from lachan.family.views.children import slot_mark
from lachan.formats.known_names.loading import (
    safe_search_targets,
    service_kind_list,
    service_list,
    services_of,
    way_kind_list,
    ways_round_list,
)
from lachan.formats.profiles.table import ProfileWriter

HOST = "dns.localhost"
AGES = {Band.UNDER_9: "127.0.9.8", Band.FROM_12: "127.0.9.12", Band.FROM_16: "127.0.9.16"}
OPEN, CLOSED = "open", "closed"
HELP, CARE = "www.tongdai111.vn", "scarleteen.com"
FREE, FRAUD = "truong.test", "lua.test"
ALWAYS = {HELP: OPEN}
ALL_DAY = {"days": "every-day", "start": "00:00", "end": "00:00"}
ALL_SERVICES = tuple(one.code for one in service_list())


def listed(category: str) -> str:
    """The name that the exchange lists in a category."""
    return f"{category.replace('.', '-')}.test"


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """(function: put a profile, function: the answers of all three ways)"""
    home, upstream = tmp_path_factory.mktemp("home"), Upstream()
    with ProfileWriter(home / "profiles", edge_key()) as writer:
        writer.rebuild([], {}, 1)
        edges = [
            Edge(home, [upstream.port], "--tls-listen", "127.0.0.1:0", "--https-listen", "none"),
            Edge(home, [upstream.port], "--https", "--https-listen", "127.0.0.1:0"),
        ]
        with edges[0].writer() as names:
            names.rebuild([*(verdict(listed(one), one) for one in OFFERED), verdict(FRAUD, "contract.scam")], 7)  # fmt: skip
        for edge in edges:
            assert edge.until(lambda e=edge: e.status()["snapshot"]["sequence"] == 7)
        yield writer, edges
    for edge in edges:
        assert edge.stop() == (0, "")
    upstream.close()


class Asking:
    """A child's network and device."""

    def __init__(self, edges: list[Edge], network: str, label: str) -> None:
        plain, https = edges
        self._port, self._network = plain.port, network
        self._path = f"/dns-query/{label}"
        self._tls = self._link(plain.sealed_port, f"{label}.{HOST}")
        self._https = http.client.HTTPConnection(HOST)
        self._https.sock = self._link(https.sealed_port, HOST)

    @staticmethod
    def _link(port: int, name: str) -> ssl.SSLSocket:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        return trust.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname=name)  # fmt: skip

    def close(self) -> None:
        self._tls.close()
        self._https.close()

    def answers(self, name: str) -> dict[str, dns.message.Message]:
        query = dns.message.make_query(name, "A", use_edns=0)
        dns.query.send_tcp(self._tls, query)
        self._https.request("POST", self._path, query.to_wire(), {"Content-Type": "application/dns-message"})  # fmt: skip
        plain = dns.query.udp(query, "127.0.0.1", 20, self._port, source=self._network)
        tls, _ = dns.query.receive_tcp(self._tls)
        return {"udp": plain, "tls": tls, "https": dns.message.from_wire(self._https.getresponse().read())}  # fmt: skip


def told(reply: dns.message.Message) -> tuple[object, ...]:
    """All that a device learns, but for how long it may keep it."""
    errors = [(one.code, one.text) for one in reply.options if one.otype == dns.edns.EDE]
    records = [(rrset.name, rrset.rdtype, sorted(map(str, rrset))) for rrset in reply.answer]
    return dns.rcode.to_text(reply.rcode()), records, errors


def outcome(reply: dns.message.Message) -> str:
    if reply.rcode() == dns.rcode.NXDOMAIN:
        return CLOSED
    aliases = [rrset[0].target.to_text()[:-1] for rrset in reply.answer if rrset.rdtype == dns.rdatatype.CNAME]  # fmt: skip
    return aliases[0] if aliases else OPEN


class Screen:
    """The pages of one child: each method is a tap."""

    def __init__(self, band: Band) -> None:
        self.family = Family(band=band)
        self.client = self.family.adult.client()
        self.path = f"/family/children/{self.family.child}/"
        self.label = self.family.device.opened.label
        devices.network_add(
            by=self.family.adult.actor, child=self.family.child, network=f"{AGES[band]}/32"
        )

    def _post(self, action: str, fields: Mapping[str, object]) -> None:
        assert self.client.post(f"{self.path}{action}", fields).status_code == 302

    def rules(self, *, category=(), service=(), **ticks: str) -> None:
        named = {"search": "safe-search", "ways": "ways-round"}
        closed = [*category, *service, *(named[tick] for tick in ticks)]
        page = self.client.get(self.path).content.decode()
        shown = re.search(r'name="shown" value="([^"]*)"', page)[1]
        self._post("rules/", {"shown": shown, "closed": closed})

    def slot(self, **fields: object) -> None:
        self._post("times/", fields)

    def pause(self, chosen: str) -> None:
        self._post("pause/", {"pause": chosen})

    def name(self, site: str, effect: str) -> None:
        self._post("names/", {"site": site, "effect": effect})

    def refused(self, site: str, effect: str) -> None:
        answer = self.client.post(f"{self.path}names/", {"site": site, "effect": effect})
        assert answer.status_code == 422

    def clear(self) -> None:
        """No rule at all but what nobody can switch off."""
        for slot in self.family.shown.rules.slots:
            self._post("times-off/", {"slot": slot_mark(slot)})
        for one in OwnName.objects.all():
            assert self.client.post(f"/family/names/{one.uid}/remove/").status_code == 302
        self.pause("end")
        self.rules()

    @property
    def profile(self):
        return profile_of(Child.objects.get())


@dataclasses.dataclass(frozen=True)
class Rule:
    """Attributes: tap: what a parent does. right: name → what the child's device is told."""

    words: str
    tap: Callable[[Screen], object]
    right: Mapping[str, str]


def rules(band: Band) -> Iterator[Rule]:
    each = 1 if band is Band.UNDER_9 else 9  # all services once, some of them at each age
    yield Rule("nothing", Screen.clear, {FREE: OPEN, FRAUD: CLOSED, CARE: OPEN, "zalo.me": OPEN})
    yield Rule("as the age begins", begins(band), defaults(band))
    # Each switch on and off, among others that are off and on.
    kinds = [kind.code for kind in service_kind_list()]
    for number in (0, 1):
        shut = OFFERED[number::2]
        right = {listed(one): CLOSED if one in shut else OPEN for one in OFFERED}
        yield Rule(f"categories {number}", lambda s, c=shut: s.rules(category=c), right | {FRAUD: CLOSED})  # fmt: skip
        chosen = kinds[number::2]
        of = frozenset[str]().union(*map(services_of, chosen))
        yield Rule(f"kinds {number}", lambda s, c=chosen: s.rules(service=c), _services(of, kinds))
        named = ALL_SERVICES[number::2]
        yield Rule(f"services {number}", lambda s, c=named: s.rules(service=c), _services(named, ALL_SERVICES, every=each))  # fmt: skip
    targets = {row: target for row, target in safe_search_targets().items() if row.count(".") == 2}
    first = {target: name for name, target in reversed(targets.items())}
    yield Rule("safe search", lambda s: s.rules(search="on"), {name: target for target, name in first.items()} | {FREE: OPEN})  # fmt: skip
    yield Rule("ways round", lambda s: s.rules(ways="on"), ways_right())
    yield from times()
    yield from names()


def begins(band: Band) -> Callable[[Screen], None]:
    def tap(screen: Screen) -> None:
        usual = rules_of(band)
        shut = [one for one in OFFERED if one in usual.categories or one.partition(".")[0] in usual.categories]  # fmt: skip
        ticks = {"search": "on"} if usual.safe_search else {}
        if usual.ways_round == "closed":
            ticks["ways"] = "on"
        screen.rules(category=shut, service=sorted(usual.services), **ticks)

    return tap


def defaults(band: Band) -> dict[str, str]:
    """Said here once more, and not read from the data: what a parent is promised."""
    young = band in {Band.UNDER_9, Band.FROM_12}
    return {
        FREE: OPEN, FRAUD: CLOSED, CARE: OPEN, listed("content.sexual"): CLOSED, listed("contract.gambling"): CLOSED,
        "tiktok.com": CLOSED if band is Band.UNDER_9 else OPEN, "tinder.com": CLOSED, "nordvpn.com": CLOSED if young else OPEN,
        "www.google.com": "forcesafesearch.google.com" if young else OPEN,
    }  # fmt: skip


def _services(chosen, asked, *, every: int = 1) -> dict[str, str]:
    """Of the first name of each service, or of the first service of each kind: whether it is closed with these."""
    shut = [name for one in service_list() if one.code in chosen for name in one.domains]
    first = {one.kind if one.kind in asked else one.code: one.domains[0] for one in reversed(service_list())}  # fmt: skip
    names = [first[code] for code in asked][::every]
    return {
        name: CLOSED if any(f".{name}".endswith(f".{one}") for one in shut) else OPEN
        for name in names
    }


def ways_right() -> dict[str, str]:
    by_kind = {one.kind: one.name for one in reversed(ways_round_list())}
    closing = {kind.code for kind in way_kind_list() if kind.closes}
    return {name: CLOSED if kind in closing else OPEN for kind, name in by_kind.items()}


def times() -> Iterator[Rule]:
    rest = {FREE: CLOSED, "zalo.me": CLOSED, CARE: OPEN}
    game = service_list_of("game")[0]
    for why in ("bedtime", "homework", "schedule"):
        yield Rule(why, lambda s, w=why: s.slot(why=w, **ALL_DAY), rest)
    for why in ("homework", "schedule"):
        yield Rule(f"{why} for games", lambda s, w=why: s.slot(why=w, what=["game"], **ALL_DAY), {game: CLOSED, FREE: OPEN})  # fmt: skip
    yield Rule("a pause", lambda s: s.pause("hour"), rest)
    yield Rule("a pause until morning", lambda s: s.pause("morning"), rest)
    yield Rule("the end of a pause", lambda s: (s.pause("hour"), s.pause("end")), {FREE: OPEN})
    yield Rule("30 more minutes at bedtime", lambda s: (s.slot(why="bedtime", **ALL_DAY), s.pause("more")), {FREE: OPEN, "zalo.me": OPEN, FRAUD: CLOSED})  # fmt: skip
    yield Rule("30 more minutes in a pause", lambda s: (s.pause("hour"), s.pause("more")), {FREE: OPEN})  # fmt: skip
    yield Rule("as usual again", lambda s: (s.slot(why="bedtime", **ALL_DAY), s.pause("more"), s.pause("end")), rest)  # fmt: skip


def names() -> Iterator[Rule]:
    shut = listed("contract.gambling")
    yield Rule("closed by the family", lambda s: s.name("tro.test", "block"), {"tro.test": CLOSED, "a.tro.test": CLOSED, FREE: OPEN})  # fmt: skip
    yield Rule("opened by the family", lambda s: (s.rules(category=["contract.gambling"]), s.name(shut, "allow")), {shut: OPEN})  # fmt: skip
    yield Rule("opened at bedtime", lambda s: (s.slot(why="bedtime", **ALL_DAY), s.name("mo.test", "allow")), {"mo.test": OPEN, FREE: CLOSED})  # fmt: skip
    yield Rule("opened in a pause", lambda s: (s.pause("hour"), s.name("mo.test", "allow")), {"mo.test": CLOSED})  # fmt: skip
    yield Rule("closed though it is help", lambda s: s.refused("tongdai111.vn", "block"), {f"a.{HELP}": OPEN})  # fmt: skip


def service_list_of(kind: str) -> list[str]:
    return [one.domains[0] for one in service_list() if one.kind == kind]


@pytest.mark.django_db
@pytest.mark.parametrize("band", AGES)
def test_each_rule_is_answered_alike_by_plain_dns_tls_and_https(ways, band):
    writer, edges = ways
    screen = Screen(band)
    asking, wrong = Asking(edges, AGES[band], screen.label), []
    for rule in rules(band):
        screen.clear()
        rule.tap(screen)
        writer.put(screen.profile)
        for name, right in (rule.right | ALWAYS).items():
            answers = asking.answers(name)
            said = {way: outcome(reply) for way, reply in answers.items()}
            if set(said.values()) != {right} or len({str(told(one)) for one in answers.values()}) != 1:  # fmt: skip
                wrong.append((rule.words, name, right, {way: told(one) for way, one in answers.items()}))  # fmt: skip
    asking.close()
    assert wrong == []
