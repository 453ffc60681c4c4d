"""docs/access.md, made from the table of access: who may do what, in words and tables that people can check."""

from __future__ import annotations

from collections.abc import Iterator

import click
from flask import Flask

from engine.dictionary import Role
from web.access import RULES, anyone
from web.reach import OWN, Reach, Rule

_BEGINNING = """\
# Who may do what

This page is made from the table in `web/access.py` (`flask --app web print-access > docs/access.md`); a test compares
them, and another walks every route with every role. A route that is not in the table cannot be opened.

A person belongs to groups (`processes/groups.toml`), and a group has a role: a group that `leads` another is of team
leaders, one that `oversees` others is of managers, `role` names any other, and the rest are teams of caseworkers.
Somebody in several groups may do what any of them may. Everybody but strangers has signed in; a stranger is led to the
sign-in page.

**yes**: all there is. **theirs**: what is theirs, as the last column says; anything else is answered like what does not
exist (404), or refused (403) where nothing can be guessed from it. **no**: refused (403).
"""
_END = """
Besides this table, the verbs of the engine check again: a task is claimed by members of its group, done by its holder,
assigned by a leader of its group, and never done by whom its diagram keeps from it.
"""


def as_markdown(app: Flask) -> str:
    """Return the page."""
    return "\n".join([_BEGINNING, *_rules(), "", "## Every address", "", *_routes(app)]) + "\n" + _END


def register(app: Flask) -> None:
    """Add the command that prints the page."""

    @app.cli.command("print-access")
    def print_access() -> None:
        """Print who may do what, as docs/access.md has it."""
        click.echo(as_markdown(app), nl=False)


def _known() -> list[Rule]:
    """Return every rule once, in the order of the table."""
    found: list[Rule] = []
    for rule in RULES.values():
        if rule not in found and rule is not anyone:
            found.append(rule)
    return found


def _rules() -> Iterator[str]:
    yield "| what | " + " | ".join(Role) + " | what counts as theirs |"
    yield "|---|" + "---|" * (len(Role) + 1)
    for rule in _known():
        refusal = "" if OWN not in rule.reach.values() else f"{rule.theirs}; else {404 if rule.other else 403}"
        cells = (_said(rule.reach[role]) for role in Role)
        yield f"| {rule.what} | {' | '.join(cells)} | {refusal} |"


def _said(reach: Reach) -> str:
    return f"**{reach}**" if reach is OWN else str(reach)


def _routes(app: Flask) -> Iterator[str]:
    yield "| address | rule |"
    yield "|---|---|"
    routes = sorted(app.url_map.iter_rules(), key=str)
    for endpoint, rule in sorted(RULES.items(), key=lambda entry: _known_first(entry[1])):
        for route in (route for route in routes if route.endpoint == endpoint):
            methods = ", ".join(sorted((route.methods or set()) - {"HEAD", "OPTIONS"}))
            yield f"| {methods} `{route.rule}` | {rule.what} |"


def _known_first(rule: Rule) -> int:
    known = _known()
    return known.index(rule) if rule in known else -1
