"""Tries to sign in: after some wrong passwords further ones have to wait, by name, by place, and by both together.

Kept in memory by each process: a restart forgets them, and several processes count each for itself. A place is an
address, or the network of one household or office where addresses are plentiful (IPv6). Who guesses at one name from
elsewhere does not soon lock the person out, because a name on its own waits much later than a name from one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

SPAN = timedelta(minutes=5)
MOST = 10  # of one name from one place
MOST_OF_NAME = 50
MOST_OF_PLACE = 100
_MOST_KEPT = 10_000

Key = tuple[str, str]


class Tries:
    """The tries of the last minutes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_key: dict[Key, list[datetime]] = {}

    def begin(self, username: str, place: str, *, now: datetime) -> bool:
        """Count a try before its password is looked at; False when it has to wait."""
        limits = dict(_limits(username, place))
        with self._lock:
            recent = {key: [at for at in self._by_key.pop(key, ()) if now - at < SPAN] for key in limits}
            allowed = all(len(tries) < limits[key] for key, tries in recent.items())
            for key, tries in recent.items():
                if allowed or tries:
                    self._by_key[key] = [*tries, now] if allowed else tries
            while len(self._by_key) > _MOST_KEPT:
                self._by_key.pop(next(iter(self._by_key)))
        return allowed

    def forget(self, username: str, place: str) -> None:
        """Forget the tries of somebody who has signed in; those of others for the name, or from the place, count on."""
        own, *others = (key for key, _ in _limits(username, place))
        with self._lock:
            for at in self._by_key.pop(own, ()):
                for key in others:
                    if at in self._by_key.get(key, ()):
                        self._by_key[key].remove(at)


def _limits(username: str, place: str) -> Iterator[tuple[Key, int]]:
    name, network = username[:80], _network(place)
    yield (name, network), MOST
    yield (name, "*"), MOST_OF_NAME
    yield ("*", network), MOST_OF_PLACE


def _network(place: str) -> str:
    try:
        address = ip_address(place)
    except ValueError:
        return place[:80]
    if not isinstance(address, IPv6Address):
        return place
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
