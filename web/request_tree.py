"""The requests of a case as a small tree: what was raised from what, and which request serves which."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.queries.cases import RequestRow

# Which link says under which other request one stands; the first that there is decides.
_ABOVE = (("child", False, "child request"), ("raised_from", True, "raised from it"), ("related", True, "related"))


@dataclass(slots=True)
class Branch:
    """A request with those below it; `words` say what ties it to the one above."""

    row: RequestRow
    words: str
    below: list[Branch] = field(default_factory=list)


def tree_of(requests: list[RequestRow]) -> list[Branch]:
    """Return the requests of a case as a tree, the oldest first; one that would stand below itself begins a tree."""
    branches = {row.number: Branch(row, "") for row in sorted(requests, key=lambda row: row.request_id)}
    above: dict[str, str] = {}
    for number, branch in branches.items():
        found = _above(branch.row)
        if found is not None and found[0] in branches and not _leads_to(above, found[0], number):
            above[number], branch.words = found
    for number, upper in above.items():
        branches[upper].below.append(branches[number])
    return [branch for number, branch in branches.items() if number not in above]


def _above(row: RequestRow) -> tuple[str, str] | None:
    for relation, is_outward, words in _ABOVE:
        for link in row.links:
            if link.relation == relation and link.is_outward is is_outward:
                return link.number, words
    return None


def _leads_to(above: dict[str, str], start: str, number: str) -> bool:
    """Tell whether the way up from a request passes another."""
    here: str | None = start
    while here is not None:
        if here == number:
            return True
        here = above.get(here)
    return False
