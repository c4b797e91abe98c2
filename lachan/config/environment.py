"""The environment of web, worker and the ledger's followers, checked; read without Django, so that
`lachan up` can look before it starts anything. docs/howto/settings.md says what each means.
"""

from typing import Any

from lachan.formats.profiles.reached import ways_in
from lachan.kernel.country import here
from lachan.kernel.env import Env, EnvError
from lachan.kernel.env_kinds import (
    contact,
    host_and_port,
    host_pattern,
    mail_sender,
    mail_server,
    origin,
    postgresql_url,
    school_network,
    secrets,
)
from lachan.kernel.home import home_path, secrets_find

env = Env()
HOME = home_path()
COUNTRY = here()
# None where there is none yet. None is ever made here: it might stand beside the data of another.
_SECRETS = (
    env.parsed("LACHAN_SECRET_KEY", "", secrets)
    if env.is_set("LACHAN_SECRET_KEY")
    else secrets_find(HOME)
)
SECRET = _SECRETS[0] if _SECRETS else None
FORMER_SECRETS = _SECRETS[1:]
DEBUG = env.flag("LACHAN_DEBUG", default=False)
HTTPS = env.flag("LACHAN_HTTPS", default=False)
HOSTS = env.each("LACHAN_HOSTS", "127.0.0.1,localhost,[::1]", host_pattern)
ORIGINS = env.each("LACHAN_ORIGINS", "", origin)
BUSY_PER_MINUTE = env.number("LACHAN_BUSY_PER_MINUTE", 120, low=1)
LOG_LEVEL = env.one_of("LACHAN_LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR"))
# How devices reach the edge, for the pages that say so; what the edge makes of the same names is its own.
DNS_WAYS = ways_in(env)
# Messages out (docs/howto/messages.md).
MAIL_SERVER = env.parsed("LACHAN_MAIL_URL", "", mail_server)
MAIL_FROM = env.parsed("LACHAN_MAIL_FROM", "", mail_sender) if MAIL_SERVER else None
PUSH_SERVICES = frozenset(env.each("LACHAN_PUSH_SERVICES", "", host_and_port))
PUSH_CONTACT = env.parsed("LACHAN_PUSH_CONTACT", "", contact) or next(
    (one for one in ORIGINS if one.startswith("https://") and "*" not in one), ""
)
SCHOOL_NETWORKS = env.each("LACHAN_SCHOOL_NETWORKS", "", school_network)
for _network, _school in SCHOOL_NETWORKS:
    if any(
        _school != school and _network.version == other.version and _network.overlaps(other)
        for other, school in SCHOOL_NETWORKS
    ):
        raise EnvError("LACHAN_SCHOOL_NETWORKS: two schools have an address in common")
if not HOSTS:
    raise EnvError("LACHAN_HOSTS names no host: no page would be served")
if HTTPS and not all(one.startswith("https://") for one in ORIGINS):
    raise EnvError("LACHAN_ORIGINS: with LACHAN_HTTPS=1 each begins with https://")


def _postgresql(url: str) -> dict[str, Any] | None:
    """Django's settings for `postgresql://user:password@host:port/name?option=value`; None for SQLite."""
    if not url:
        return None
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    parts = postgresql_url(url)
    try:
        make_conninfo("", **parts["OPTIONS"])
    except ProgrammingError:
        raise ValueError("an option after ? is none of PostgreSQL's") from None
    return parts


DATABASE_URL = env.text("DATABASE_URL", "")
POSTGRESQL = env.parsed("DATABASE_URL", "", _postgresql)
