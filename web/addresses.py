"""Addresses that arrive from outside: where to go on to, and the numbers of rows in paths and forms."""

from __future__ import annotations

import re

from werkzeug.routing import BaseConverter

_ROW = "[0-9]{1,18}"  # whatever has 18 digits fits the database's 64 bits
_OWN = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")


def own_address(target: str) -> str | None:
    """Return an address of this site, or None for anything else.

    Browsers drop tabs and line ends from an address and read a backslash as a slash: `/<tab>/other.example` would lead
    to another site, and a line end would end the header that it is sent in.
    """
    return target if _OWN.fullmatch(target) else None


def row_number(text: str) -> int | None:
    """Return the number that a form sent, or None for what no row can have."""
    return int(text) if re.fullmatch(_ROW, text) else None


class RowNumber(BaseConverter):
    """The number of a row in a path. One that no row can have is an address that does not exist."""

    regex = _ROW

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Return the number as it stands in a path."""
        return str(value)
