"""The names that an expression sees while it runs: a chain of tables, innermost first.

The outermost table is the host's and holds plain Python data, which is taken over value by value when it is read; all
others hold FEEL values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.feel.run import Run


class Missing:
    """No value under this name, which is not the same as null."""


MISSING: Final = Missing()


class Scope:
    __slots__ = ("names", "outer", "run")

    def __init__(self, names: Mapping[str, object], outer: Scope | None, run: Run) -> None:
        self.names = names
        self.outer = outer
        self.run = run

    def visible(self) -> Iterator[str]:
        """Every name that can be read here, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield from map(str, scope.names)
            scope = scope.outer


Evaluate = Callable[[Scope], object]
