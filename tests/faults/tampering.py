"""Alters a stopped instance's database as somebody without its secret could, again and again, and looks whether
each edit is found.

    python tests/faults/tampering.py --edits 2000 --histories 200 --seed 7

Rows are rewritten, swapped, put in, copied, taken away; ends are cut off; chains are computed anew; triggers are
dropped and made. Each edit is tried on a fresh copy. An edit is found when `lachan doctor`'s checks name it, or
when opening shows nothing of it. Then as many honest histories, crashes among them, in which nothing may be
found. Prints one JSON object; ends with 1 when an edit was missed or an honest history accused.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))

if TYPE_CHECKING:
    from tests.faults.histories import Story

# What decides something. Counts, caches, sessions and what waits in the outbox are the threat model's to name.
_ROWS = (
    "reports_report", "reports_message", "cases_case", "cases_casenote", "cases_caseevent",
    "members_person", "members_rolegrant", "members_organisation", "members_deskkey",
    "members_deskkeywrap", "members_recoverykey", "members_invitation", "members_apikey",
    "members_confirmation",
    "indicators_indicator", "indicators_review", "indicators_dispute", "indicators_ledgerrow",
    "indicators_listingrow", "indicators_listimport", "cases_caselink",
    "family_household", "family_adult", "family_code", "family_child", "family_device", "family_ownname",
    "family_departure", "family_ask", "family_historyline", "family_subscription",
    "members_auditentry", "proofs_tally", "proofs_chainhead", "indicators_ledgerhead",
)  # fmt: skip
# The tables in which the ledger's one chain stands, and what of a row's payload is altered.
_ALTERED = {"indicators_ledgerrow": '"confidence":', "indicators_listingrow": '"classification":'}
_LEDGER = tuple(_ALTERED)
# Columns that only sort, count or remind, of rows whose other columns are proved.
_PLAIN = {
    "members_person": {"id", "last_login", "language", "created_at"},
    "cases_case": {
        "id", "reporter_waits_since", "reporter_unread", "reporter_read", "score", "reasons", "priority",
        "due_at", "clocks_met", "next_rating_at", "rules_version",
    },
    # By an import that holds its rows to itself: see `verifying`.
    "indicators_indicator": {"id", "raw", "created_at", "decided_at", "proposed_by_id"},
    "indicators_listimport": {
        "id", "finished_at", "content", "published", "duplicate", "guarded", "quarantined", "first_seq",
        "last_seq", "reasons",
    },
    "members_apikey": {"id", "name", "last_used_on", "made_at"},
    "members_invitation": {"id", "name", "made_at"},
    "members_confirmation": {"id", "asked_at"},
    "members_deskkeywrap": {"id", "made_at"},
    "family_household": {"id", "made_hour", "adults_made", "written"},
    "family_code": {"id", "made_hour", "is_kept"},
    "family_child": {"id", "asked"},
    "family_device": {"id", "made_hour"},
    "family_subscription": {"id", "made_hour"},
    "family_ask": {"id", "asked_hour"},
}  # fmt: skip

Edit = Callable[[sqlite3.Connection, random.Random], str]


def _table(database: sqlite3.Connection, chance: random.Random, least: int = 1) -> str:
    fit = [
        name
        for name in _ROWS
        if database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] >= least  # noqa: S608
    ]
    return chance.choice(fit)


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    rows = database.execute(f"PRAGMA table_info({table})").fetchall()
    return [row[1] for row in rows if row[1] not in _PLAIN.get(table, {"id"})]


def _two(database: sqlite3.Connection, table: str, chance: random.Random) -> list[int]:
    rows = [row[0] for row in database.execute(f"SELECT rowid FROM {table}")]  # noqa: S608
    return chance.sample(rows, min(2, len(rows)))


def _other(value: Any, chance: random.Random) -> Any:
    if value is None:
        return chance.choice([1, "2026-01-01 00:00:00", "x"])
    if isinstance(value, int | float):
        return value + chance.choice([-1, 1, 1000]) if value else 1
    if isinstance(value, bytes):
        place = chance.randrange(len(value)) if value else 0
        return value[:place] + bytes([value[place] ^ 1] if value else [1]) + value[place + 1 :]
    return value + "x" if not value.startswith(("{", "[")) else '{"x": 1}'


def rewrite(database: sqlite3.Connection, chance: random.Random) -> str:
    table = _table(database, chance)
    column, (row, *_) = chance.choice(_columns(database, table)), _two(database, table, chance)
    (value,) = database.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", [row]).fetchone()  # noqa: S608
    write = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608
    database.execute(write, [_other(value, chance), row])
    return f"{table}.{column}"


def swap(database: sqlite3.Connection, chance: random.Random) -> str:
    """Two rows change one column, or all columns but their identifiers."""
    table = _table(database, chance, least=2)
    if table == "proofs_chainhead":  # known by their names: they would only lie in another order
        return ""
    columns, (one, two) = _columns(database, table), _two(database, table, chance)
    if chance.random() < 0.5:
        columns = [chance.choice(columns)]
    elif table == "indicators_indicator" and _is_alone(database, one, two):
        return ""
    listed = ", ".join(columns)
    read = f"SELECT {listed} FROM {table} WHERE rowid = ?"  # noqa: S608
    first, second = (database.execute(read, [row]).fetchone() for row in (one, two))
    if first == second:
        return ""
    write = f"UPDATE {table} SET {', '.join(f'{c} = ?' for c in columns)} WHERE rowid = ?"  # noqa: S608
    database.execute(write, [*(_apart(v, c) for v, c in zip(second, columns, strict=True)), one])
    database.execute(write, [*first, two])
    database.execute(write, [*second, one])
    return f"{table}: {listed}"


def _is_alone(database: sqlite3.Connection, *rows: int) -> bool:
    """Whether nothing names these rows by where they lie: then an exchange of places says nothing."""
    named = (
        f"SELECT 1 FROM {table} WHERE indicator_id IN (?, ?)"  # noqa: S608
        for table in ("indicators_review", "indicators_dispute")
    )
    return not any(database.execute(ask, rows).fetchone() for ask in named)


def _apart(value: Any, column: str) -> Any:
    """A value for the moment in which both rows would hold the same."""
    return value if not isinstance(value, str | bytes) else type(value)(value)[:-1] + (
        b"~" if isinstance(value, bytes) else "~"
    )  # fmt: skip


def insert(database: sqlite3.Connection, chance: random.Random) -> str:
    """A copy of a row, altered where it must be unique."""
    table = _table(database, chance)
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})").fetchall()]
    source = chance.choice(database.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608
    fresh = dict(zip(names, source, strict=True))
    for name in ("id", "seq"):
        if name in fresh and names[0] == name:
            fresh[name] = database.execute(f"SELECT MAX({name}) + 1 FROM {table}").fetchone()[0]  # noqa: S608
    for name in ("uid", "report_uid"):
        if fresh.get(name):
            fresh[name] = f"{chance.getrandbits(128):032x}"
    for name in ("form_mark", "mark", "token_hash", "secret_hash"):
        if isinstance(fresh.get(name), bytes):
            fresh[name] = chance.randbytes(len(fresh[name]))
    for name in ("email", "public", "prefix", "name", "value", "key"):
        if isinstance(fresh.get(name), str):
            fresh[name] += "x"
    marks = ", ".join("?" * len(fresh))
    database.execute(f"INSERT INTO {table} VALUES ({marks})", list(fresh.values()))  # noqa: S608
    return table


def delete(database: sqlite3.Connection, chance: random.Random) -> str:
    table = _table(database, chance)
    rows = _two(database, table, chance)[:1]
    database.execute(f"DELETE FROM {table} WHERE rowid = ?", rows)  # noqa: S608
    return table


def cut(database: sqlite3.Connection, chance: random.Random) -> str:
    """The end of a chain goes, its head with it."""
    tables, head = chance.choice(
        [(_LEDGER, "indicators_ledgerhead"), (("members_auditentry",), None)]
    )
    rows = _chain(database, "hash", tables)
    keep = chance.randrange(1, len(rows))
    for table in tables:
        database.execute(f"DELETE FROM {table} WHERE seq > ?", [keep])  # noqa: S608
    if head:
        database.execute(f"UPDATE {head} SET seq = ?, hash = ?", rows[keep - 1][1:])  # noqa: S608
    return tables[0]


def _chain(
    database: sqlite3.Connection, column: str, tables: tuple[str, ...] = _LEDGER
) -> list[tuple[str, int, Any]]:
    """The rows of a chain that stands in several tables, in order: table, number, column."""
    parts = (f"SELECT '{table}', seq, {column} FROM {table}" for table in tables)  # noqa: S608
    return database.execute(f"{' UNION ALL '.join(parts)} ORDER BY seq").fetchall()


def anew(database: sqlite3.Connection, chance: random.Random) -> str:
    """A ledger row says something else, and every hash after it is computed anew."""
    rows, previous = _chain(database, "payload"), bytes(32)
    at = chance.randrange(1, len(rows) + 1)
    for table, seq, payload in rows:
        said = payload.replace(_ALTERED[table], f"{_ALTERED[table]}1") if seq == at else payload
        previous = hashlib.sha256(previous + said.encode()).digest()
        write = f"UPDATE {table} SET payload = ?, hash = ? WHERE seq = ?"  # noqa: S608
        database.execute(write, [said, previous, seq])
    database.execute("UPDATE indicators_ledgerhead SET hash = ?", [previous])
    return f"ledger from {at}"


def rules(database: sqlite3.Connection, chance: random.Random) -> str:
    """The database's own rules are changed; the triggers were dropped for the edit already."""
    table = chance.choice(_ROWS)
    what = chance.choice(["trigger", "view", "table", "column"])
    database.execute({
        "trigger": f"CREATE TRIGGER quiet AFTER INSERT ON {table} BEGIN SELECT 1; END",
        "view": "CREATE VIEW quiet AS SELECT 1",
        "table": "CREATE TABLE quiet (a)",
        "column": f"ALTER TABLE {table} ADD COLUMN quiet TEXT DEFAULT 'x'",
    }[what])  # fmt: skip
    return f"{what} on {table}"


_EDITS: list[tuple[Edit, int]] = [
    (rewrite, 8), (swap, 4), (insert, 3), (delete, 3), (cut, 1), (anew, 1), (rules, 1),
]  # fmt: skip


def edited(path: Path, chance: random.Random) -> str:
    """One edit that changed something; what it was. Triggers stand in nobody's way, and mostly stand again."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys=OFF")
        triggers = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        while True:
            database.execute("BEGIN")
            (edit,) = chance.choices([one for one, _ in _EDITS], [often for _, often in _EDITS])
            for name, _ in triggers:
                database.execute(f"DROP TRIGGER {name}")
            before = list(database.iterdump())
            try:
                said = edit(database, chance)
            except sqlite3.IntegrityError:
                said = ""
            if said and list(database.iterdump()) != before:
                break
            database.execute("ROLLBACK")
        kept = triggers if chance.random() < 0.95 else triggers[1:]
        for _, statement in kept:
            database.execute(statement)
        database.execute("COMMIT")
    return f"{edit.__name__} {said}"


class Home:
    """Where the one Django of this process looks: a folder with a database and its notes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def enter(self) -> None:
        from django.conf import settings
        from django.db import connection

        connection.close()
        settings.LACHAN_HOME = self.folder
        connection.settings_dict["NAME"] = self.folder / "db.sqlite3"

    def copy(self, target: Path) -> "Home":
        from django.db import connection

        connection.close()
        (target / "run").mkdir(parents=True)
        for name in (
            "db.sqlite3",
            *(f"{chain}-head.json" for chain in ("audit", "ledger", "proofs")),
            "instance.id",
        ):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, target / name)
        return Home(target)

    def notes(self) -> None:
        from lachan.indicators.verifying import head_note
        from lachan.members.services import audit_head_keep
        from lachan.proofs.tasks import note

        for keep in (audit_head_keep, head_note, note):
            keep()

    def faults(self) -> list[str]:
        """What `lachan doctor` says of this database."""
        from lachan.cli.check import Level
        from lachan.cli.checks import audit, instance, ledger, proofs, schema

        checks = (
            schema.Schema(),
            proofs.Proofs(),
            ledger.Ledger(),
            audit.Audit(),
            instance.Instance(),
        )
        found = [check.look(self.folder, lambda _: None) for check in checks]
        return [one.says for one in found if one.level is not Level.WELL]


def run(folder: Path, *, edits: int, histories: int, seed: int) -> dict[str, Any]:
    """One whole run in an empty folder."""
    from tests.faults.histories import Story

    began, chance = time.monotonic(), random.Random(seed)
    home, story = Home(folder / "home"), Story(chance)
    story.whole()
    home.notes()
    honest = story.shown()
    missed: list[str] = []
    shown: list[str] = []
    kinds: Counter[str] = Counter()
    for number in range(edits):
        copy = home.copy(folder / f"edit-{number}")
        what = edited(copy.folder / "db.sqlite3", chance)
        kinds[what.split()[0]] += 1
        copy.enter()
        if not _safely(copy.faults):
            missed.append(what)
        if _safely(lambda: story.shown() - honest):
            shown.append(what)
        shutil.rmtree(copy.folder)
    home.enter()
    accused = home.faults() + [
        why for number in range(histories) for why in _lived(home, folder / f"life-{number}", story)
    ]
    home.enter()
    return {
        "edits": edits, "kinds": dict(kinds), "missed": missed, "shown_as_true": shown,
        "histories": histories, "accused": accused, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _safely(ask: Callable[[], Any]) -> Any:
    """What cannot even be read is not shown, and doctor says so."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  whatever an altered database does to a page
        return [] if ask.__name__ == "<lambda>" else [type(error).__name__]


def _lived(home: Home, folder: Path, story: "Story") -> list[str]:
    """What an honest history is accused of: of its own, and after a backup of it was restored."""
    from lachan.config.backups import backup_restore, backup_write

    copy = home.copy(folder)
    copy.enter()
    story.lived(story.chance.randint(5, 25))
    found = copy.faults()
    if story.chance.random() < 0.3:
        copy.notes()
        story.lived(5)
        found += copy.faults()
    if story.chance.random() < 0.1:
        backup_write(folder / "backup")
        (folder / "again" / "run").mkdir(parents=True)
        shutil.copy(home.folder / "secret.key", folder / "again")
        backup_restore(folder / "backup", folder / "again")
        again = Home(folder / "again")
        again.enter()
        story.lived(3)
        again.notes()
        found += again.faults()
    home.enter()
    shutil.rmtree(folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("edits", 2000), ("histories", 200), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lachan-tampering-") as folder:
        os.environ.pop("DATABASE_URL", None)
        os.environ["LACHAN_HOME"] = f"{folder}/home"
        from lachan.cli.setup import django_ready

        django_ready(begin=True)
        from lachan.config import schema

        # The same migrations each time.
        schema.schema_expected = cache(lambda applied, make=schema.schema_expected: make(applied))
        found = run(Path(folder), **vars(given))
    print(json.dumps(found))  # noqa: T201
    sys.exit(bool(found["missed"] or found["shown_as_true"] or found["accused"]))


if __name__ == "__main__":
    main()
