"""The entries [[separation]] of process.toml: a group, whom to keep from its tasks, and who may say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from engine.feel import FeelError, compile_expression
from engine.lint.finding import Findings, error
from engine.lint.project import Project

_LEADER = "leader"  # who may say otherwise, as `engine.separation` reads it
_KEYS = frozenset({"group", "not_by", "reason", "override"})


def separation(project: Project) -> Findings:
    """Find what the checked process.toml says of separation of duties that cannot be kept to."""
    path = next((p for p in sorted(project.checked) if PurePosixPath(p).name == "process.toml"), None)
    sheet = project.sheet
    if path is None or sheet is None or "separation" not in sheet.entries:
        return
    entries = sheet.entries["separation"]
    for entry in entries if isinstance(entries, list) else [entries]:
        for message in _problems(project, entry):
            yield error(path, "separation", "separation-not-valid", message)


def _problems(project: Project, entry: object) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "“separation” must be a list of tables. Write [[separation]] and below it group, not_by and reason."
        return
    for key in sorted(entry.keys() - _KEYS):
        yield f"“{key}” means nothing in [[separation]]. Use “group”, “not_by”, “reason” and “override”."
    group = entry.get("group")
    if project.groups is not None and group not in project.groups:
        yield f"There is no group “{group}”. Choose one of groups.toml, or add it there."
    if not isinstance(entry.get("reason"), str) or not entry.get("reason"):
        yield "[[separation]] gives no “reason”, the sentence that whoever is kept from a task reads. Add it."
    if entry.get("override", _LEADER) != _LEADER:
        yield f"“override” can only be “{_LEADER}”. Correct it, or remove the line: then nobody may say otherwise."
    text = entry.get("not_by")
    if not isinstance(text, str) or not text.startswith("="):
        yield "“not_by” must be an expression that begins with = and names people. Correct it."
        return
    try:
        names = compile_expression(text.removeprefix("=")).names
    except FeelError as fault:
        yield f"“not_by” is no expression: {fault}"
        return
    for name in names:
        if name.path[0] in ("case", "request") and not project.dictionary.has_path(name.path):
            yield f"“{'.'.join(name.path)}” is not declared. Declare it in dictionary.toml, or correct the spelling."
