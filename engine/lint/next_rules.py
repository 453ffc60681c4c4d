"""next_task.toml: rules that can be meant, that ask for what there is, and that leave no task behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from engine.bundle import SHEET
from engine.dictionary import read_sheet
from engine.lint.finding import Findings, error, warning
from engine.lint.project import Project
from engine.next_rules import FILE, NextRule, parse_rules

_LISTS = {"stage": "stage_of_complaint", "nation": "nation"}


def next_rules(project: Project) -> Findings:
    """Find rules of the next task that nobody can have meant."""
    for path in sorted(project.checked):
        if PurePosixPath(path).name != FILE:
            continue
        rules, faults = parse_rules(project.files[path])
        for fault in faults:
            yield error(path, fault.entry, "list-not-valid", fault.message)
        if faults:
            continue
        offered = _offered(project)
        for number, rule in enumerate(rules, start=1):
            yield from _unknown(path, number, rule, offered)
        last = next((number for number, rule in enumerate(rules, start=1) if rule.fits_all), None)
        if last is None:
            message = "A task that fits no rule is never given to anybody. Add a last rule that only says why."
            yield warning(path, "", "task-left-behind", message)
        elif last < len(rules):
            message = f"Every task fits rule {last}, so those after it never decide. Move it to the end."
            yield warning(path, f"rule {last}", "rule-never-reached", message)


def _unknown(path: str, number: int, rule: NextRule, offered: Mapping[str, frozenset[str]]) -> Findings:
    for name, known in offered.items():
        value = getattr(rule, name)
        if value and known and value not in known:
            message = f"Rule {number}: there is no {name} “{value}”. Choose one of {', '.join(sorted(known))}."
            yield error(path, f"rule {number}", "unknown-value", message)


def _offered(project: Project) -> dict[str, frozenset[str]]:
    """Return the values that a rule may ask for; nothing where they are not known here."""
    lists = project.dictionary.picklists
    offered = {
        name: frozenset(option.value for option in lists[key].options) for name, key in _LISTS.items() if key in lists
    }
    return {**offered, "procedure": _procedures(project)}


def _procedures(project: Project) -> frozenset[str]:
    """Return the keys of all procedures: those that are looked at, and those of the product's own folder."""
    sheets = [data for path, data in project.files.items() if PurePosixPath(path).name == SHEET]
    root = project.known.root
    if root is None:
        return frozenset() if project.sheet is not None else frozenset(read_sheet(data).key for data in sheets)
    sheets += [path.read_bytes() for path in sorted(root.glob(f"*/{SHEET}"))]
    return frozenset(filter(None, (read_sheet(data).key for data in sheets)))
