"""The files of a run: which of those beside are needed, and all of them compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from engine import plain_bpmn
from engine.decisions import Decision, load_decisions
from engine.markup import BPMN, MarkupRefused, Node, local, parse_xml
from engine.runner.script import CaseInvalid
from engine.spiff import DiagramError, Finding, Program, compile_program

_NO_DIAGRAMS = (".dmn", ".form", ".toml", ".md", ".json")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a case is played on. `scripts` are the expressions of plain script tasks; `job_types` element id -> type."""

    program: Program
    decisions: Mapping[str, Decision]
    scripts: Mapping[str, str]
    job_types: Mapping[str, str]
    messages: frozenset[str]


def needed(files: Mapping[str, bytes], beside: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files beside that the diagrams call, directly or through others; all else in the folder is let be."""
    found: dict[str, bytes] = {}
    pending = list(files.values())
    there = {name for data in files.values() for name in _mentions(data)[0]}
    while pending:
        for called in sorted(_mentions(pending.pop())[1] - there):
            for path, data in sorted(beside.items()):
                if path not in files and called.encode() in data and called in _mentions(data)[0]:
                    there |= _mentions(data)[0]
                    found[path] = data
                    pending.append(data)
                    break
    return found


@lru_cache(maxsize=200)
def _mentions(data: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the processes and decisions of a file, and of those that it calls."""
    try:
        root = parse_xml(data)
    except MarkupRefused:
        return frozenset(), frozenset()
    defined, called = set(), set()
    for node in root.iter("{*}process", "{*}decision"):
        if node.get("isExecutable") != "false" or plain_bpmn.is_plain(root):
            defined.add(str(node.get("id")))
    for node in root.iter("{*}callActivity", "{*}calledElement", "{*}calledDecision"):
        for name in ("calledElement", "processId", "decisionId"):
            called.add(str(node.get(name, "")).rpartition(":")[2])
    return frozenset(defined), frozenset(called - {""})


def read_files(files: Mapping[str, bytes], beside: Mapping[str, bytes], process_id: str | None) -> Bundle:
    """Compile files that were checked; `process_id` is the process to start, if the case names one.

    Raises: DiagramError; CaseInvalid when there is no such process.
    """
    diagrams: dict[str, bytes] = {}
    decisions: dict[str, Decision] = {}
    scripts: dict[str, str] = {}
    job_types: dict[str, str] = {}
    messages: set[str] = set()
    first, drawn = "", []
    for path, data in {**beside, **files}.items():
        if path.lower().endswith(".dmn"):
            decisions.update(load_decisions(data, file=path))
        if path.lower().endswith(_NO_DIAGRAMS):
            continue
        root = parse_xml(data)
        etree.strip_tags(root, etree.Comment)
        if plain_bpmn.is_plain(root):
            scripts.update(plain_bpmn.scripts(root))
            plain_bpmn.to_dialect(root, process_id)
        plain_bpmn.ask_people(root)
        plain_bpmn.name_thrown_messages(root)
        job_types.update(_job_types(root))
        messages.update(str(node.get("name")) for node in root if local(node) == "message")
        diagrams[f"{path}.bpmn"] = etree.tostring(root)
        drawn += [str(node.get("id")) for node in root if local(node) == "process"]
        if path in files and not first:
            first = process_id or _first_process(path, root)
    if process_id is not None and process_id not in drawn:
        raise CaseInvalid(f"There is no process {process_id!r} to start; there are {', '.join(drawn) or 'none'}.")
    return Bundle(compile_program(diagrams, first), decisions, scripts, job_types, frozenset(messages))


def _job_types(root: Node) -> dict[str, str]:
    found = {}
    for definition in root.iter("{*}taskDefinition"):
        holder = definition.getparent()
        element = None if holder is None else holder.getparent()
        if element is not None:
            found[str(element.get("id"))] = str(definition.get("type", ""))
    return found


def _first_process(file: str, root: Node) -> str:
    """Return the process that a case means which names none: the first that begins by itself."""
    found = [p for p in root if local(p) == "process" and p.get("isExecutable") != "false"]
    plain_starts = [p for p in found if _has_plain_start(p)]
    if not found:
        message = "No process of the file is executable. Tick “Executable” in the properties of the one to run."
        drawn = next((str(node.get("id")) for node in root if local(node) == "process"), "")
        raise DiagramError([Finding(file, drawn, "not-executable", message)])
    return str((plain_starts or found)[0].get("id"))


def _has_plain_start(process: Node) -> bool:
    starts = process.findall(f"{{{BPMN}}}startEvent")
    return any(not any(local(child).endswith("EventDefinition") for child in start) for start in starts)
