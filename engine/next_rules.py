"""The rules of the next task, as analysts write them in `processes/next_task.toml`, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.dictionary import Fault, read_toml

FILE = "next_task.toml"
DUES = ("overdue", "today", "week", "none")
SOURCES = ("mp", "ice", "phso")
_CHOICES = {"due": DUES, "source": SOURCES}
_CONDITIONS = ("due", "source", "procedure", "stage", "nation")
_KNOWN = ("why", *_CONDITIONS)


@dataclass(frozen=True, slots=True)
class NextRule:
    """What tasks have to be, and why such a task comes first, as the end of a sentence."""

    why: str
    due: str = ""
    source: str = ""
    procedure: str = ""
    stage: str = ""
    nation: str = ""

    @property
    def fits_all(self) -> bool:
        """Tell whether every task fits the rule."""
        return not any(getattr(self, name) for name in _CONDITIONS)


DEFAULT = NextRule("of the free tasks of your teams it is due first, or has waited longest")
"""What decides where there is no such file."""


def parse_rules(data: bytes) -> tuple[list[NextRule], list[Fault]]:
    """Return the rules of a file in order, without those that cannot be meant, and what is wrong."""
    table, faults = read_toml(data)
    for name in sorted(table.keys() - {"rule"}):
        faults.append(Fault(name, f"There is nothing called “{name}” here. Write each rule below a line [[rule]]."))
    entries = table.get("rule", [])
    if not isinstance(entries, list):
        return [], [*faults, Fault("rule", "Each rule has to begin with a line [[rule]], with two brackets each side.")]
    rules = []
    for number, entry in enumerate(entries, start=1):
        problems = list(_problems(entry))
        faults += [Fault(f"rule {number}", f"Rule {number}: {problem}") for problem in problems]
        if not problems:
            rules.append(NextRule(**entry))
    return rules, faults


def _problems(entry: object) -> Iterator[str]:
    known = ", ".join(_KNOWN)
    if not isinstance(entry, Mapping):
        yield f"it has to hold texts: {known}."
        return
    if unknown := sorted(set(entry) - set(_KNOWN)):
        yield f"it asks for {', '.join(unknown)}; it may ask for {known}. Correct the name."
    for name in _KNOWN:
        if name in entry and not isinstance(entry[name], str):
            yield f"{name} has to be a text. Put it in quotes."
    for name, values in _CHOICES.items():
        if isinstance(value := entry.get(name), str) and value not in values:
            yield f"{name} is “{value}”, and has to be one of {', '.join(values)}."
    if not entry.get("why"):
        yield 'it has to say why, for whoever gets the task. Add a line why = "…".'
