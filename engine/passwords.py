"""Passwords: kept as argon2id hashes, checked, and hashed anew when a stored hash is of an older kind.

Hashes that an earlier version made with scrypt are still read; `is_outdated` says that one is to be replaced.
"""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.security import check_password_hash

# Source: OWASP Password Storage Cheat Sheet, argon2id with 19 MiB of memory, two passes and one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_OLD = "scrypt:"


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return _HASHER.hash(_encoded(password))


def matches(stored: str | None, password: str) -> bool:
    """Tell whether a password is the stored one; without a stored one, after the same work, that it is not."""
    if stored is not None and stored.startswith(_OLD):
        return check_password_hash(stored, _encoded(password).decode())
    try:
        found = _HASHER.verify(stored or _nobodys(), _encoded(password))
    except (VerificationError, InvalidHashError):
        return False
    return found and stored is not None


def is_outdated(stored: str) -> bool:
    """Tell whether a hash was made in an older way than `hash_password` now does."""
    return stored.startswith(_OLD) or _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    """Return a hash to check against for a name that nobody has: refusing it must take as long as a wrong password."""
    return hash_password("nobody has this password")


def _encoded(password: str) -> bytes:
    # Half of a surrogate pair cannot be written as UTF-8; a password that holds one must be refused, not break a page.
    return password.encode("utf-8", errors="replace")
