"""Which part of the ledger a machine holds, where one machine's memory does not hold it all (docs/howto/large.md)."""

from typing import Self
from uuid import UUID

import msgspec

from lachan.kernel.bounds import number_read
from lachan.kernel.env import Env
from lachan.kernel.errors import InvalidInput


class Shard(msgspec.Struct, frozen=True):
    """One of `count` shares of all indicators, which together are all of them and have none in common.

    An indicator's identifier says whose it is: it never moves, so its changes find it.

    Attributes:
        number: 1 … count.
    """

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2/5`: the second of five.

        Raises:
            InvalidInput: it is no such thing.
        """
        number, count = map(number_read, text.partition("/")[::2])
        if number and count and number <= count:
            return cls(number, count)
        raise InvalidInput(f"{text!r} is no shard: 2/5 is the second of five")

    def holds(self, indicator: UUID) -> bool:
        """The last 62 bits of a UUIDv7 are random (RFC 9562, 5.7): shards are equally large."""
        return indicator.int % self.count == self.number - 1


WHOLE = Shard()


def shard_setting(text: str | None = None) -> Shard:
    """Which share this machine holds: `text`, or the environment's.

    Raises:
        EnvError: it is none.
    """
    env = Env(flags={} if text is None else {"LACHAN_MATCH_SHARD": text})
    return env.parsed("LACHAN_MATCH_SHARD", "1/1", _shard)


def _shard(text: str) -> Shard:
    try:
        return Shard.parse(text)
    except InvalidInput:
        raise ValueError("a share such as 2/5 is wanted") from None
