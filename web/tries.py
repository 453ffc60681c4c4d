"""Tries to sign in: after some wrong passwords further ones have to wait, by name, by place, and by both together.

Counted in the database, so that all processes count together and none forgets. A place is an address, or the network of
one household or office where addresses are plentiful (IPv6). Who guesses at one name from elsewhere does not soon lock
the person out, because a name on its own waits much later than a name from one place. Names and places are kept as
keyed digests for some minutes: what somebody types as a name may be a password.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select

from engine.holds import hold_name
from engine.models import SignInTry
from engine.world import World

SPAN = timedelta(minutes=5)
MOST = 10  # of one name from one place
MOST_OF_NAME = 50
MOST_OF_PLACE = 100


def begin(world: World, secret: str | bytes, username: str, place: str) -> bool:
    """Count a try before its password is looked at; False when it has to wait. Who has to wait is not written down."""
    name, network = _digests(secret, username, place)
    with world.db.read() as connection:
        if not _may_try(connection, name, network, now=world.clock.now()):
            return False
    with world.db.write() as connection:
        hold_name(connection, "sign-in")  # so that of many at once none is counted too late
        now = world.clock.now()
        connection.execute(delete(SignInTry).where(~_counts(now)))
        if not _may_try(connection, name, network, now=now):
            return False
        connection.execute(insert(SignInTry).values(name=name, place=network, tried_at=now))
    return True


def forget(world: World, secret: str | bytes, username: str, place: str) -> None:
    """Forget the tries of somebody who has signed in; those of others for the name, or from the place, count on."""
    name, network = _digests(secret, username, place)
    with world.db.write() as connection:
        connection.execute(delete(SignInTry).where(SignInTry.name == name, SignInTry.place == network))


def _may_try(connection: Connection, name: str, network: str, *, now: datetime) -> bool:
    of_name, of_place = SignInTry.name == name, SignInTry.place == network
    both, names, places = connection.execute(
        select(
            func.count().filter(of_name, of_place), func.count().filter(of_name), func.count().filter(of_place)
        ).where(or_(of_name, of_place), _counts(now))
    ).one()
    return both < MOST and names < MOST_OF_NAME and places < MOST_OF_PLACE


def _counts(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a try counts: of the last minutes, and not of an hour that was never right."""
    return SignInTry.tried_at.between(now - SPAN, now + SPAN)


def _digests(secret: str | bytes, username: str, place: str) -> tuple[str, str]:
    key = secret.encode() if isinstance(secret, str) else secret
    name, network = (hmac.digest(key, said.encode(), "sha256").hex() for said in (username[:80], _network(place)))
    return name, network


def _network(place: str) -> str:
    try:
        address = ip_address(place)
    except ValueError:
        return place[:80]
    if not isinstance(address, IPv6Address):
        return place
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
