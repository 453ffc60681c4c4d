"""The drawn diagrams of a deployed version: which files there are, and in which of them each element is."""

from __future__ import annotations

from engine.definitions import LoadedDefinition


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
