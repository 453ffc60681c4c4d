"""Check texts as a folder, for tests: writes the files, runs the real check, returns rule and element."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine.lint import Finding, JobInputs, Known, check_path

KNOWN = Known(
    job_types=frozenset({"add_note", "issue_letter", "set_fields"}),
    letters={"CMSL5800": None},
    job_inputs={
        "add_note": JobInputs(frozenset({"text"}), frozenset(), is_open=False),
        "issue_letter": JobInputs(frozenset({"letter"}), frozenset({"slots"}), is_open=False),
        "set_fields": JobInputs(frozenset(), frozenset(), is_open=True),
    },
)
# Tiny diagrams are not drawn, and their tasks ask nothing.
NOISE = frozenset({"not-drawn", "user-task-without-form"})

DICTIONARY = """
[picklists.outcome]
values = [{ value = "upheld" }, { value = "not upheld" }]
[fields.outcome]
type = "choice"
picklist = "outcome"
[fields.amount]
type = "money"
[fields.decided_on]
type = "date"
[fields."request.plan_version"]
type = "number"
[fields.proof]
type = "documents"
[fields.plan_actions]
type = "list"
[fields."plan_actions[].due_on"]
type = "date"
[fields."request.status"]
type = "choice"
picklist = "status"
[picklists.status]
values = [{ value = "Open" }, { value = "Closed" }]
"""
GROUPS = '[groups.review_caseworker]\ntitle = "Review caseworkers"\n'
SHEET = 'key = "review"\ntitle = "Review"\nprocess = "p"\nowner = "x"\n'


def findings(files: Mapping[str, str], *, known: Known = KNOWN, path: str = "") -> list[Finding]:
    """Check a folder made of the given files; `path` checks a part of it."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "processes"
        for file, text in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_bytes(text.encode() if isinstance(text, str) else text)
        return check_path(root / path, known=known)


def foreign(xml: str | bytes) -> list[tuple[str, str]]:
    """Check one diagram in a folder that is nobody's; return (rule, element) of each finding."""
    return _pairs(findings({"a.bpmn": xml}))  # type: ignore[dict-item]


def in_folder(xml: str, **files: str) -> list[tuple[str, str]]:
    """Check one diagram in a process folder with dictionary and groups; keywords are more files, / as __."""
    more = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    return _pairs(findings(process_folder(xml) | more))


def process_folder(xml: str) -> dict[str, str]:
    """Return the files of a process folder around one diagram."""
    return {
        "review/review.bpmn": xml,
        "review/process.toml": SHEET,
        "dictionary.toml": DICTIONARY,
        "groups.toml": GROUPS,
    }


def _pairs(found: list[Finding]) -> list[tuple[str, str]]:
    return [(f.rule, f.element) for f in found if f.rule not in NOISE]
