"""The process that keeps the table of profiles in step with the database: the one writer of its folder."""

import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections

from lachan.formats.profiles.device_keys import DeviceKeyWriter
from lachan.formats.profiles.records import Profile
from lachan.formats.profiles.table import ProfileReader, ProfilesStatus, ProfileWriter
from lachan.kernel.country import here, today
from lachan.outbox.services import listener_open, stop_on_signal

from .projecting import (
    TOPIC,
    calendar_now,
    changes_after,
    changes_kept_from,
    device_keys_of,
    edge_key,
    profile_head,
    profiles,
)

log = logging.getLogger(__name__)

# A lost wake-up costs at most this long.
_LOOK_EVERY = 0.5
_AT_ONCE = 500
_calendar_of: dict[int, date] = {}


def run(*, once: bool = False, rebuild: bool = False) -> None:
    """Follow the changes until SIGTERM or SIGINT.

    While the database does not answer, the last table stays and edges go on answering from it.
    """
    stop = stop_on_signal()
    listener = listener_open(TOPIC)
    folder = settings.LACHAN_HOME / "profiles"
    with ProfileWriter(folder, edge_key()) as writer, closing(DeviceKeyWriter(folder)) as keys:
        try:
            while not stop.is_set():
                if _sync(writer, keys, rebuild=rebuild):
                    rebuild = False
                if once:
                    return
                listener.wait(_LOOK_EVERY)
        finally:
            listener.close()


def _sync(writer: ProfileWriter, keys: DeviceKeyWriter, *, rebuild: bool) -> bool:
    """Bring the table up to date; whether it is."""
    try:
        close_old_connections()
        if rebuild or keys.is_new or writer.needs_rebuild or not _follows(writer.sequence):
            table_rebuild(writer, keys)
        calendar_sync(writer)
        while table_sync(writer, keys):
            pass
    except DatabaseError as error:
        log.warning("the database does not answer (%s); the last table stays", type(error).__name__)
        return False
    return True


def calendar_sync(writer: ProfileWriter) -> None:
    """Each day the table is told of the days to come."""
    if _calendar_of.get(id(writer)) != today():
        writer.calendar_put(here().code, calendar_now())
        _calendar_of[id(writer)] = today()


def _follows(sequence: int) -> bool:
    """Whether all that came after `sequence` is still known, and the database is not an older one."""
    kept_from, head = changes_kept_from(), profile_head()
    return sequence == head or (0 < kept_from <= sequence + 1 and sequence < head)


def table_sync(writer: ProfileWriter, keys: DeviceKeyWriter | None = None) -> int:
    """Take what changed since; how many changes there were.

    Each profile is put whole as it is now; killed in between, the same ones are put again. `keys`: of devices, which
    are the same rows' (`device_keys`).
    """
    changed = changes_after(writer.sequence, _AT_ONCE)
    if not changed:
        return 0
    numbers = {number for _, number in changed}
    found = set()
    for child, profile in profiles(numbers):
        found.add(child.number)
        if profile is None:
            log.warning(
                "a child's row was not written by this instance: its profile stays as it was"
            )
        else:
            writer.put(profile)
            if keys is not None:
                keys.put(child.number, device_keys_of(child))
    for number in numbers - found:
        writer.remove(number)
        if keys is not None:
            keys.put(number, {})
    writer.commit(changed[-1][0])
    return len(changed)


def table_stand(home: Path) -> tuple[ProfilesStatus, int]:
    """How the table stands, and up to which change it should."""
    return ProfileReader(home / "profiles").status(), profile_head()


def table_rebuild(writer: ProfileWriter, keys: DeviceKeyWriter | None = None) -> None:
    """Make the whole table anew, of rows alone; and the devices' keys."""
    head = profile_head()
    calendars = {here().code: calendar_now()}
    rows: list[tuple[int, int, str]] = []

    def all_profiles() -> Iterator[Profile]:
        for child, profile in profiles():
            if profile is not None:
                rows.extend((way, child.number, key) for way, key in device_keys_of(child).items())
                yield profile

    writer.rebuild(all_profiles(), calendars, head)
    if keys is not None:
        keys.rebuild(rows)
