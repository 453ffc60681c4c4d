"""Tries to sign in: after some wrong passwords for a name from one place, further ones have to wait.

Kept in memory by each process: a restart forgets them. Who guesses from elsewhere does not lock the person out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

MOST = 10
SPAN = timedelta(minutes=5)
_MOST_KEPT = 10_000


class Tries:
    """The tries of the last minutes, by name and place."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_key: dict[tuple[str, str], list[datetime]] = {}

    def begin(self, username: str, place: str, *, now: datetime) -> bool:
        """Count a try before its password is looked at; False when it has to wait."""
        key = (username[:80], place)
        with self._lock:
            recent = [at for at in self._by_key.pop(key, ()) if now - at < SPAN]
            allowed = len(recent) < MOST
            self._by_key[key] = [*recent, now] if allowed else recent
            if len(self._by_key) > _MOST_KEPT:
                self._by_key.pop(next(iter(self._by_key)))
        return allowed

    def forget(self, username: str, place: str) -> None:
        """Forget the tries of somebody who has signed in."""
        with self._lock:
            self._by_key.pop((username[:80], place), None)
