"""People who sign in and the groups they belong to. Teams and groups are data: processes/groups.toml and these rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from engine import passwords
from engine.db import once_a_look
from engine.errors import NotFound, SignInRefused
from engine.models import Membership, Person
from engine.prepared import Prepared
from engine.world import Actor, World

# Built once: every request asks for these.
_ONE = Prepared(
    select(
        Person.person_id,
        Person.username,
        Person.name,
        Person.job_title,
        Person.session_mark,
        Membership.group_key,
    )
    .outerjoin(Membership, Membership.person_id == Person.person_id)
    .where(Person.person_id == bindparam("b_person"), Person.is_active)
)
_MEMBERS = Prepared(
    select(Person.person_id, Person.name)
    .join(Membership, Membership.person_id == Person.person_id)
    .where(Membership.group_key == bindparam("b_group"), Person.is_active)
    .order_by(Person.name)
)
PROOF_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with their groups, as pages and access rules need them."""

    person_id: int
    username: str
    name: str
    job_title: str
    groups: frozenset[str]
    session_mark: int = 0
    proved_at: datetime | None = None
    """When they last gave a password, here or at their department's sign-in; None when that is not known."""

    @property
    def actor(self) -> Actor:
        """Return the person as the one who acts."""
        return Actor(self.name, self.person_id)


def authenticate(world: World, username: str, password: str) -> Somebody:
    """Check a sign-in; a hash of an older kind is replaced now, the one moment at which the password is known.

    Raises: SignInRefused, after the same work whether the name or the password was wrong.
    """
    with world.db.read() as connection:
        row = connection.execute(
            select(Person.person_id, Person.password_hash).where(Person.username == username, Person.is_active)
        ).one_or_none()
        if not passwords.matches(row.password_hash if row else None, password) or row is None:
            raise SignInRefused
        somebody = get_person(connection, row.person_id)
    if passwords.is_outdated(row.password_hash):
        with world.db.write() as connection:
            unchanged = (Person.person_id == row.person_id, Person.password_hash == row.password_hash)
            renewed = passwords.hash_password(password)
            connection.execute(update(Person).where(*unchanged).values(password_hash=renewed))
    return somebody


def has_proved(actor: Somebody, *, now: datetime) -> bool:
    """Tell whether somebody has given their password within the last minutes."""
    return actor.proved_at is not None and timedelta() <= now - actor.proved_at <= PROOF_LASTS


def person_of_identity(world: World, identity: str, email: str | None) -> Somebody:
    """Return whose account goes with an identity of the department's sign-in; the first time, by the email address.

    The address must have been entered by operations, for one account that has no identity yet. Rights come from the
    account's groups alone. Raises: SignInRefused, saying what to ask operations for.
    """
    with world.db.write() as connection:
        found = connection.execute(
            select(Person.person_id, Person.is_active).where(Person.identity == identity)
        ).one_or_none()
        if found is None:
            person_id = _first_time(connection, email)
            connection.execute(update(Person).where(Person.person_id == person_id).values(identity=identity))
        elif not found.is_active:
            raise SignInRefused("Your account here is locked. Ask operations to unlock it.")
        else:
            person_id = found.person_id
        return get_person(connection, person_id)


def _first_time(connection: Connection, email: str | None) -> int:
    if not email:
        raise SignInRefused(
            "Your sign-in did not pass on a confirmed email address, so your account here was not found. "
            "Ask operations to see that it does."
        )
    rows = connection.execute(
        select(Person.person_id, Person.identity).where(func.lower(Person.email) == email.lower(), Person.is_active)
    ).all()
    if len(rows) != 1 or rows[0].identity is not None:
        raise SignInRefused(
            "There is no account here for the email address that you signed in with. Ask operations to enter it for "
            "your account: it must belong to one account only, that nobody else signs in to."
        )
    return int(rows[0].person_id)


def get_person(connection: Connection, person_id: int) -> Somebody:
    """Return an active person with their groups.

    Raises: NotFound.
    """
    rows = _ONE.rows(connection, {"b_person": person_id})
    if not rows:
        raise NotFound("There is no such person.")
    groups = frozenset(row.group_key for row in rows if row.group_key)
    first = rows[0]
    return Somebody(first.person_id, first.username, first.name, first.job_title, groups, first.session_mark)


def is_active(connection: Connection, person_id: int) -> bool:
    """Tell whether somebody may sign in: who has left, or is locked out, reads nothing."""
    found = select(Person.person_id).where(Person.person_id == person_id, Person.is_active)
    return connection.execute(found).first() is not None


def end_sessions(world: World, person_id: int) -> None:
    """End every session of a person: a copied cookie is worth nothing after sign-out."""
    _change(world, person_id, {})


def change_password(world: World, person_id: int, password: str) -> None:
    """Give a person another password, and end every session of theirs."""
    _change(world, person_id, {"password_hash": passwords.hash_password(password)})


def choose_password(world: World, somebody: Somebody, password: str) -> None:
    """Give a person the password that they chose by a link, and end every session of theirs.

    The link counts once: of two who send it at the same moment the later is refused. Raises: NotFound.
    """
    kept = passwords.hash_password(password)
    unused = (Person.person_id == somebody.person_id, Person.session_mark == somebody.session_mark, Person.is_active)
    with world.db.write() as connection:
        chosen = update(Person).where(*unused).values(password_hash=kept, session_mark=Person.session_mark + 1)
        if connection.execute(chosen).rowcount != 1:
            raise NotFound("This link was used.")


def lock(world: World, person_id: int) -> None:
    """Keep a person from signing in, and end every session of theirs; what they did stays under their name."""
    _change(world, person_id, {"is_active": False})


def unlock(world: World, person_id: int) -> None:
    """Let a person sign in again."""
    _change(world, person_id, {"is_active": True})


def _change(world: World, person_id: int, values: Mapping[str, object]) -> None:
    with world.db.write() as connection:
        connection.execute(
            update(Person).where(Person.person_id == person_id).values(session_mark=Person.session_mark + 1, **values)
        )


def add_person(
    connection: Connection, *, username: str, name: str, job_title: str, password: str, groups: Iterable[str]
) -> int:
    """Add a person who may sign in, and return their id."""
    person_id = connection.execute(
        insert(Person)
        .values(
            username=username,
            name=name,
            job_title=job_title,
            password_hash=passwords.hash_password(password),
            is_active=True,
        )
        .returning(Person.person_id)
    ).scalar_one()
    set_groups(connection, person_id, groups)
    return person_id


def set_groups(connection: Connection, person_id: int, groups: Iterable[str]) -> None:
    """Make these the groups of a person."""
    connection.execute(delete(Membership).where(Membership.person_id == person_id))
    rows = [{"person_id": person_id, "group_key": group} for group in groups]
    if rows:
        connection.execute(insert(Membership), rows)


@once_a_look
def members(connection: Connection, group: str) -> list[tuple[int, str]]:
    """Return (person id, name) of everyone active in a group, by name."""
    rows = _MEMBERS.rows(connection, {"b_group": group})
    return [(row.person_id, row.name) for row in rows]


@dataclass(frozen=True, slots=True)
class Digest:
    """Where the email of the morning goes, and whether somebody wants it."""

    email: str | None
    is_sent: bool


def digest_of(connection: Connection, person_id: int) -> Digest:
    """Return what somebody has set for the email of the morning."""
    row = connection.execute(select(Person.email, Person.is_sent_digest).where(Person.person_id == person_id)).one()
    return Digest(row.email, row.is_sent_digest)


def choose_digest(world: World, person_id: int, *, is_sent: bool) -> None:
    """Send somebody the email of the morning, or no longer."""
    with world.db.write() as connection:
        connection.execute(update(Person).where(Person.person_id == person_id).values(is_sent_digest=is_sent))
