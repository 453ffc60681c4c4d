"""From the numbered steps of a procedure to what carries them out: elements, letters and scenarios.

Reads `procedure.md` of a process folder; a step is a heading such as ``## Review 14 Seek authorisation``. Elements and
flows name their steps in the property `step`, decisions through the business rule tasks that ask them. Scenarios count
where they complete, wait for or expect an element of the step.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from engine.bundle import SHARED, Bundle, read_bundle
from engine.diagram import Diagram
from engine.diagram_reader import read_diagram
from engine.lint.resources import STEP_HEADING, named_letters, split_steps
from engine.markup import MarkupRefused

_LETTER_ID = re.compile(r"\b[A-Z]{4}\d{4}(?:_[A-Z]{2})?\b")


@dataclass(frozen=True, slots=True)
class TracedElement:
    """An element or flow that carries a step."""

    file: str
    element: str
    name: str


@dataclass(frozen=True, slots=True)
class TracedStep:
    """A step of the procedure, with what carries it out."""

    step: str
    title: str
    elements: tuple[TracedElement, ...]
    letters: tuple[str, ...]
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole procedure. `missing` are steps that no element carries; `unknown` are named by elements only."""

    steps: tuple[TracedStep, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the trace as lists and dicts."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "missing": list(self.missing),
            "unknown": list(self.unknown),
        }


def trace_folder(folder: Path, *, processes_root: Path, taken: Mapping[str, frozenset[str]] | None = None) -> Trace:
    """Trace a process folder as it stands on disk; `taken` as in `trace`.

    Raises: BundleInvalid when it is not a process folder.
    """
    return trace(read_bundle(folder, processes_root=processes_root, extra={}), taken=taken)


def trace(bundle: Bundle, *, taken: Mapping[str, frozenset[str]] | None = None) -> Trace:
    """Trace a bundle: every step of its procedure.md, in the order of the text.

    `taken` are the elements that each scenario took when it was told, by the scenario's path: with it, a scenario also
    counts for the automatic elements that it only passed.
    Without a procedure.md the steps are those that the elements name, and none can be missing.
    """
    folder = PurePosixPath(bundle.folder)
    diagrams = list(_diagrams(bundle.files, folder))
    carried = _carried(diagrams)
    letters = _letters(diagrams)
    scenarios = _scenarios(bundle.files, folder)
    for file, elements in (taken or {}).items():
        scenarios[file] = scenarios.get(file, frozenset()) | elements
    text = bundle.files.get(f"{folder}/procedure.md", b"").decode("utf-8", errors="replace")
    titles = read_procedure(text) or dict.fromkeys(sorted(carried, key=_order), "")
    steps = tuple(_step(step, title, carried.get(step, []), letters, scenarios) for step, title in titles.items())
    procedures = {step.partition(" ")[0] for step in titles}
    unknown = [step for step in carried if step not in titles and step.partition(" ")[0] in procedures]
    return Trace(
        steps=steps,
        missing=tuple(step.step for step in steps if not step.elements),
        unknown=tuple(sorted(unknown, key=_order)),
    )


def read_procedure(text: str) -> dict[str, str]:
    """Return the steps of a procedure.md with their titles: {"Review 14": "Seek authorisation"}."""
    return {f"{match[1]} {match[2]}": match[3].strip() for match in STEP_HEADING.finditer(text)}


def _step(
    step: str,
    title: str,
    elements: Iterable[TracedElement],
    letters: Mapping[str, tuple[str, ...]],
    scenarios: Mapping[str, frozenset[str]],
) -> TracedStep:
    carriers = tuple(elements)
    ids = {carrier.element for carrier in carriers}
    return TracedStep(
        step=step,
        title=title,
        elements=carriers,
        letters=tuple(sorted({letter for identity in ids for letter in letters.get(identity, ())})),
        scenarios=tuple(sorted(file for file, named in scenarios.items() if named & ids)),
    )


def _diagrams(files: Mapping[str, bytes], folder: PurePosixPath) -> Iterator[Diagram]:
    for path, data in sorted(files.items()):
        ours = folder in PurePosixPath(path).parents or folder.parent / SHARED in PurePosixPath(path).parents
        if ours and path.endswith(".bpmn"):
            try:
                yield read_diagram(data, file=path)
            except MarkupRefused:
                continue  # the check says what is wrong with it


def _carried(diagrams: Iterable[Diagram]) -> dict[str, list[TracedElement]]:
    """Return the elements and flows by the steps that they name."""
    carried: dict[str, list[TracedElement]] = {}
    for diagram in diagrams:
        places = [(s.id, s.name, s.properties) for s in diagram.scopes if s.parent is None]
        places += [(e.id, e.name, e.properties) for e in diagram.elements]
        places += [(f.id, f.name, f.properties) for f in diagram.flows]
        for identity, name, properties in places:
            for step in split_steps(properties.get("step")):
                carried.setdefault(step, []).append(TracedElement(diagram.file, identity, name))
    return carried


def _letters(diagrams: Iterable[Diagram]) -> dict[str, tuple[str, ...]]:
    """Return the letters that each element names, by a fixed id or inside an expression that chooses one."""
    letters: dict[str, tuple[str, ...]] = {}
    for diagram in diagrams:
        for element in diagram.elements:
            found = set(named_letters(element))
            choosing = [row.source for row in element.inputs if row.target in ("letter", "letter_id")]
            choosing += [element.properties.get("letter", ""), element.properties.get("preview", "")]
            for text in choosing:
                found |= set(_LETTER_ID.findall(text))
            if found:
                letters[element.id] = tuple(sorted(found))
    return letters


def _scenarios(files: Mapping[str, bytes], folder: PurePosixPath) -> dict[str, frozenset[str]]:
    """Return, for each scenario of the folder, the elements that it names."""
    found: dict[str, frozenset[str]] = {}
    for path, data in files.items():
        if PurePosixPath(path).parent == folder / "scenarios" and path.endswith(".toml"):
            try:
                table = tomllib.loads(data.decode("utf-8"))
            except (ValueError, RecursionError):
                continue
            found[path] = frozenset(_named_elements(table))
    return found


def _named_elements(table: Mapping[str, object]) -> Iterator[str]:
    steps = table.get("step")
    for step in steps if isinstance(steps, list) else []:
        if not isinstance(step, Mapping):
            continue
        then = step.get("then")
        expected = then if isinstance(then, Mapping) else {}
        for value in (step.get("complete"), step.get("message"), expected.get("tasks"), expected.get("waits")):
            if isinstance(value, str):
                yield value
            elif isinstance(value, list):
                yield from (item for item in value if isinstance(item, str))


def _order(step: str) -> tuple[str, int]:
    procedure, _, number = step.partition(" ")
    return procedure, int(number) if number.isdecimal() else 0
