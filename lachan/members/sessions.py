"""Sessions in the database that know whose they are, so that a person can end them."""

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from lachan.kernel.clock import now

_CLOCKS_APART = timedelta(minutes=1)  # of several machines


class SessionStore(DatabaseStore):
    @property
    def key_salt(self) -> str:
        """What a session holds is signed for its own row: moved to another one, it would sign somebody in as
        whoever it was made for.
        """
        return f"lachan session {self.session_key}"

    @classmethod
    def get_model_class(cls) -> Any:
        return apps.get_model("members", "Session")

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()
        longest = timedelta(seconds=self.get_session_cookie_age()) + _CLOCKS_APART
        if row is not None and row.expire_date > now() + longest:
            # Begun by a clock that ran ahead: it would last for as long as that was.
            self._session_key = None
            return None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        person = data.get(SESSION_KEY)
        row.person_id = int(person) if person else None
        if began := data.get("began_at"):
            row.began_at = datetime.fromisoformat(began)
        return row
