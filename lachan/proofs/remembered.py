"""What every request asks of a few rows is worked out once, and asked each time whether it still stands."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import QuerySet

from .tally import present_prover

T = TypeVar("T")


class Remembered(Generic[T]):
    """What was worked out from some rows, for as long as the database holds the same.

    It is asked each time, by SQL that Django wrote once: to write it anew, to make objects of the rows and to
    check their proofs costs ten times that.
    """

    def __init__(self, rows: Callable[[], "QuerySet[Any, Any]"], work_out: Callable[[], T]) -> None:
        """`rows`: all that `work_out` reads, with every column, and how they stand now."""
        self._rows, self._work_out = rows, work_out
        self._sql: dict[str, tuple[str, Any]] = {}
        self._last: tuple[object, T] | None = None

    def get(self) -> T:
        """Raises: whatever working it out raises; that is not remembered."""
        stands = self._asked()
        if (last := self._last) is not None and last[0] == stands:
            return last[1]
        found = self._work_out()
        # Where somebody wrote meanwhile it may be of other rows than those.
        if self._asked() == stands:
            self._last = stands, found
        return found

    def _asked(self) -> object:
        if (sql := self._sql.get(connection.vendor)) is None:
            query = self._rows().query
            sql = self._sql[connection.vendor] = query.get_compiler(connection=connection).as_sql()
        with connection.cursor() as cursor:
            cursor.execute(*sql)
            # By another secret the same rows may prove nothing.
            return present_prover(), cursor.fetchall()
