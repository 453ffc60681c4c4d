"""The entry [reopening] of process.toml: its group, its facts, and a diagram that asks for `reopened`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from engine.diagram import Diagram
from engine.facts import READ_ONLY
from engine.feel import FeelError, compile_expression
from engine.lint.finding import Findings, error
from engine.lint.project import Project

STARTED_WITH = "reopened"
CORRECTABLE_TYPES = frozenset({"text", "long_text", "boolean", "choice", "date", "number", "money"})
# Where a request stands is changed by reopening it and by its tasks, never by hand.
_STANDING = READ_ONLY | {
    f"request.{name}" for name in ("status", "sub_status", "caseworker", "owner_group", "closed_at", "closed_on")
}
_KEYS = frozenset({"by", "correctable"})


def reopening(project: Project) -> Findings:
    """Find what the checked process.toml says of reopening that cannot be done."""
    path = next((p for p in sorted(project.checked) if PurePosixPath(p).name == "process.toml"), None)
    sheet = project.sheet
    if path is None or sheet is None or "reopening" not in sheet.entries:
        return
    for message in _problems(project, sheet.entries["reopening"], process=sheet.process):
        yield error(path, "reopening", "reopening-not-valid", message)


def _problems(project: Project, entry: object, *, process: str) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "“reopening” must be a table. Write [reopening] and below it by = “…” and correctable = […]."
        return
    for key in sorted(entry.keys() - _KEYS):
        yield f"“{key}” means nothing in [reopening]. Use “by” and “correctable”."
    group = entry.get("by")
    if not isinstance(group, str) or not group:
        yield "[reopening] does not say who may reopen. Add by = “…” with a group of leaders."
    elif project.groups is not None and group not in project.groups:
        yield f"There is no group “{group}”. Choose one of groups.toml, or add it there."
    facts = entry.get("correctable", [])
    if not isinstance(facts, list):
        yield "“correctable” must be a list of names of facts, such as [“request.root_cause”]."
    else:
        for fact in facts:
            yield from _fact_problems(project, fact)
    if not _asks(project, process):
        yield (
            f"No condition of the process “{process}” asks for “{STARTED_WITH}”, so that a reopened request would begin"
            " anew. Add a gateway after the start with a flow whose condition is =reopened = true."
        )


def _fact_problems(project: Project, fact: object) -> Iterator[str]:
    name = fact if isinstance(fact, str) else ""
    field = project.dictionary.field_for(name)
    if not name.startswith("request."):
        yield f"“{fact}” is not a fact of the service request. Only names that begin with “request.” can be corrected."
    elif field is None:
        yield f"“{name}” is not declared. Declare it in dictionary.toml, or correct the spelling."
    elif name in _STANDING:
        yield f"“{name}” says where the request stands, and is never corrected by hand. Remove it."
    elif field.type not in CORRECTABLE_TYPES:
        yield f"“{name}” is of type “{field.type}”, which cannot be corrected by hand. Remove it."


def _asks(project: Project, process: str) -> bool:
    found = project.process_by_id.get(process)
    return found is None or any(_names_it(condition) for condition in _conditions(found[0], process))


def _conditions(diagram: Diagram, process: str) -> Iterator[str]:
    return (flow.condition for flow in diagram.flows if flow.process == process and flow.condition)


def _names_it(condition: str) -> bool:
    try:
        names = compile_expression(condition.strip().removeprefix("=")).names
    except FeelError:
        return False
    return any(name.path[0] == STARTED_WITH for name in names)
