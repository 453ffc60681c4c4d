"""The drawn diagrams of a deployed version: which files there are, and in which of them each element is."""

from __future__ import annotations

from functools import lru_cache

from engine.definitions import LoadedDefinition
from engine.diagram_reader import read_diagram


def files_of(definition: LoadedDefinition) -> list[str]:
    """Return the diagrams of a version: that of the main process first, called ones after it."""
    main = definition.program.processes[definition.process_id].file
    others = sorted(path for path in definition.files if path.endswith(".bpmn") and path != main)
    return [main, *others]


def drawn_in(definition: LoadedDefinition) -> dict[str, str]:
    """Return the file that each element is drawn in."""
    return {element.id: element.file for element in definition.program.elements.values() if not element.synthetic}


def titled(file: str, live: int) -> str:
    """Return what a diagram is called in a list of choices: its name and how much is live on it."""
    name = file.rpartition("/")[2].removesuffix(".bpmn").replace("_", " ").capitalize()
    return f"{name} ({live} live)" if live else name


def callers_in(definition: LoadedDefinition, element_id: str, file: str) -> list[str]:
    """Return the call activities of a diagram inside which an element of another diagram runs.

    A process that several activities call is marked at none of them: the rows do not say through which one it runs.
    """
    element = definition.program.elements.get(element_id)
    called = element.process_id if element is not None else ""
    seen: set[str] = set()
    while called and called not in seen:
        seen.add(called)
        callers = _callers(definition.sha256, tuple(sorted(_diagrams(definition).items()))).get(called, ())
        if len(callers) != 1:
            return []
        caller, caller_file, called = callers[0]
        if caller_file == file:
            return [caller]
    return []


def _diagrams(definition: LoadedDefinition) -> dict[str, bytes]:
    return {path: data for path, data in definition.files.items() if path.endswith(".bpmn")}


@lru_cache(maxsize=8)
def _callers(_sha256: str, files: tuple[tuple[str, bytes], ...]) -> dict[str, list[tuple[str, str, str]]]:
    """Return, for each called process, the (activity, file, process) that call it."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for path, data in files:
        for element in read_diagram(data, file=path).elements:
            extension = element.extension("calledElement")
            process_id = extension.get("processId") if extension is not None else None
            if process_id:
                found.setdefault(process_id, []).append((element.id, path, element.process))
    return found
