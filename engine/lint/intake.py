"""The entry [intake] of process.toml: its forms are there, and what it names of them is asked in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from engine.lint.finding import Findings, error
from engine.lint.project import Project

_KEYS = frozenset({"client", "contact", "further_issues", "known_to_all", "never_only_a_note"})


def intake(project: Project) -> Findings:
    """Find what the checked process.toml says of recording contacts that cannot be done."""
    path = next((p for p in sorted(project.checked) if PurePosixPath(p).name == "process.toml"), None)
    sheet = project.sheet
    if path is None or sheet is None or "intake" not in sheet.entries:
        return
    for message in _problems(project, sheet.entries["intake"]):
        yield error(path, "intake", "intake-not-valid", message)


def _problems(project: Project, entry: object) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "“intake” must be a table. Write [intake] and below it client = “…” and contact = “…”."
        return
    for key in sorted(entry.keys() - _KEYS):
        yield f"“{key}” means nothing in [intake]. Use {', '.join(sorted(_KEYS))}."
    for key in ("client", "contact"):
        if entry.get(key) not in project.form_by_id:
            yield f"[intake] needs “{key}”, the id of a form of this folder. There is no form {entry.get(key)!r}."
    for of, key, names in (
        ("contact", "further_issues", [entry.get("further_issues")]),
        ("client", "known_to_all", entry.get("known_to_all", [])),
        ("contact", "never_only_a_note", entry.get("never_only_a_note", [])),
    ):
        form = project.form_by_id.get(str(entry.get(of)))
        if not isinstance(names, list):
            yield f"“{key}” of [intake] must be a list of names."
        elif form is not None:
            for name in names:
                if name not in form.names:
                    yield f"“{key}” of [intake] names {name!r}, which the form “{form.id}” does not ask. Correct it."
