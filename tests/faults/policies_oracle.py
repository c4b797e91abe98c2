"""What two policies' askers must be told: a small world of names, what upstream says of them, and the plain rule."""

import asyncio
import random
from itertools import accumulate

import dns.edns
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from lachan.edge.dns.message import reply_parse
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.upstream import Forwarder, UpstreamSilent, query_encode

STRICT = Policy(appeal="strict", canaries=frozenset({"firefox", "icloud"}))
OWN = Policy(
    answer="page",
    page_ipv4=("192.0.2.80",),
    categories=frozenset({"contract.gambling"}),
    ede=17,
    ttl=60,
    appeal="own",
    forward=frozenset({"home.arpa"}),
    overlays=frozenset({"own"}),
)
HERE = {"x.onion": (STRICT, OWN)} | dict.fromkeys(
    ["nas.home.arpa", "pc.nas.home.arpa", "use-application-dns.net", "mask.icloud.com"], (STRICT,)
)
GUARDED = frozenset({"n3.example", "www.n8.example"})


class World:
    """What upstream says of each name, and what the ledger and the overlay of one policy hold."""

    def __init__(self, chance: random.Random) -> None:
        tops = [f"n{number}.example" for number in range(24)]
        names = tops + [f"{below}.{top}" for top in tops for below in ("www", "a.b")]
        chance.shuffle(names)
        pairs = list(enumerate(names[:-1], 1))
        self.leads = {
            name: chance.choice(names[at:]) for at, name in pairs if chance.random() < 0.5
        }
        rest = [name for name in names if name not in self.leads]
        self.absent, self.broken = set(rest[:6]), set(rest[6:10])
        self.names = [*names, *HERE]
        self.ledger: dict[str, tuple[str, str]] = {}
        self.own: dict[str, tuple[str, str]] = {}

    def chain(self, name: str, kind: str) -> list[str]:
        """The names that an answer leads to: all aliases, or the one that a service record sends on to."""
        chain = [name]
        while chain[-1] in self.leads and (kind == "A" or len(chain) == 1):
            chain.append(self.leads[chain[-1]])
        return chain[1:]


def right(world: World, policy: Policy, name: str, kind: str) -> str:
    """What the asker must be told: "blocked", "here", what "upstream" says, or, where that leads to a blocked name,
    "led".
    """

    def holds(name: str) -> str:
        for entries in (world.own, world.ledger) if policy is OWN else (world.ledger,):
            for at in range(name.count(".") + 1):  # the name itself, then its parents
                action, category = entries.get(name.split(".", at)[-1], ("", ""))
                wanted = entries is world.own or policy is STRICT or category in policy.categories
                if action == "allow" or (action == "block" and wanted):
                    return action
        return ""

    if holds(name) == "block":
        return "blocked"
    if policy in HERE.get(name, ()):
        return "here"
    chain = [name, *world.chain(name, kind)]
    allowed = accumulate((holds(one) == "allow" or one in GUARDED for one in chain), max)
    pairs = zip(chain[1:], allowed, strict=False)
    return "led" if any(holds(one) == "block" and not free for one, free in pairs) else "upstream"


def fault(world: World, policy: Policy, packet: bytes, reply: bytes, *, silent: bool) -> str:
    """What is wrong with a reply; empty where it is the asker's own. `silent`: upstream may not have been heard."""
    asked, told = dns.message.from_wire(packet), dns.message.from_wire(reply)
    name = asked.question[0].name.to_text()[:-1].lower()
    kind = dns.rdatatype.to_text(asked.question[0].rdtype)
    errors = {int(one.code): one.text for one in told.options if one.otype == dns.edns.EDE}
    found = [str(one) for rows in told.answer if rows.rdtype == 1 for one in rows]
    code, wanted = dns.rcode.to_text(told.rcode()), right(world, policy, name, kind)
    if code == "SERVFAIL":  # upstream was not heard, so that nobody knows what it leads to
        sound = wanted in {"led", "upstream"} and not {15, 17} & errors.keys()
        sound &= silent or name in world.broken
    elif wanted in {"blocked", "led"}:
        page = policy is OWN
        sound = errors.keys() == {policy.ede} and f"appeal: {policy.appeal}" in errors[policy.ede]
        sound &= code == ("NOERROR" if page else "NXDOMAIN")
        sound &= found == list(policy.page_ipv4 if kind == "A" else ())
    elif wanted == "here":
        sound = (code, found, errors) == ("NXDOMAIN", [], {})
    else:
        sound = not {15, 17} & errors.keys() and name not in world.broken
        sound &= code == ("NXDOMAIN" if name in world.absent else "NOERROR")
        sound &= found == ([address(name)] if kind == "A" and code == "NOERROR" else [])
    return "" if sound else f"{policy.appeal} asked {name} {kind}: {wanted}, not {told.to_text()}"


def address(name: str) -> str:
    return f"198.51.100.{sum(name.encode()) % 256}"


class Saying(Forwarder):
    """Upstream, without a network: it says what the world has, slowly enough to be asked again meanwhile."""

    def __init__(self, world: World, chance: random.Random) -> None:
        super().__init__([])
        self.silent, self.asked = False, 0
        self._world, self._chance = world, chance

    async def ask(self, question):
        self.asked += 1
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)
        if self.silent:
            raise UpstreamSilent
        query = query_encode(question, edns=False)
        reply = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
        name, kind = reply.question[0].name.to_text()[:-1].lower(), reply.question[0].rdtype
        self._fill(reply, name, dns.rdatatype.to_text(kind), self._chance.choice([5, 60, 300]))
        return reply_parse(reply.to_wire(), query)

    def _fill(self, reply, name, kind, life):
        def record(owner, kind, text):
            return dns.rrset.from_text(f"{owner}.", life, "IN", kind, text)

        if name in self._world.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name in self._world.absent:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            soa = f"ns.example. admin.example. 1 3600 600 86400 {life}"
            reply.authority.append(record("example", "SOA", soa))
        else:
            owner = name
            for each in self._world.chain(name, kind):
                link = ("CNAME", f"{each}.") if kind == "A" else ("HTTPS", f"1 {each}.")
                reply.answer.append(record(owner, *link))
                owner = each
            if kind == "A":
                reply.answer.append(record(owner, "A", address(name)))
