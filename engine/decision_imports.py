"""DMN files that import others: each is read once, from the files beside it and nowhere else.

What an import names is found by its file name or by its namespace. An import that is not there, is of another kind or
leads back to the file is a finding of every decision of the importing file, so that none is made without it.
Source: DMN 1.3 6.3.3, 10.4
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import unquote

from engine.decision_graph import Beside, Decision
from engine.decision_model import DecisionError, DecisionFile, Import
from engine.decision_names import imports_of, namespace_of
from engine.decision_reader import read_file
from engine.decision_types import is_of

MAX_DEPTH = 10  # files that import one another in a row


def load_file(xml: bytes, *, file: str, beside: Mapping[str, bytes]) -> Beside:
    """Read a file and what it imports.

    Raises:
        DecisionError: it, or an imported file, is not DMN, carries a DOCTYPE, or an id is missing or comes twice.
    """
    return _load(xml, file, beside, {}, ())[1]


def _load(
    xml: bytes,
    file: str,
    beside: Mapping[str, bytes],
    known: dict[str, tuple[DecisionFile, Beside]],
    above: tuple[str, ...],
) -> tuple[DecisionFile, Beside]:
    if file in known:
        return known[file]
    found: dict[str, tuple[Import, DecisionFile, Beside]] = {}
    for one in imports_of(xml, file=file):
        where = _file_of(one, beside)
        if where and where != file and where not in above and len(above) < MAX_DEPTH:
            found[one.namespace] = (one, *_load(beside[where], where, beside, known, (*above, file)))
    read = read_file(xml, file=file, imported={name: (one, other) for name, (one, other, _) in found.items()})
    here = Beside(
        namespace=read.namespace,
        models={model.id: model for model in read.models},
        services={service.id: service for service in read.services},
        imports={namespace: (one, other) for namespace, (one, _, other) in found.items()},
        types={name: partial(is_of, of=of) for name, of in read.types.items()},
    )
    here.decisions.update({source.id: Decision(source, beside=here) for source in read.decisions})
    known[file] = read, here
    return read, here


def _file_of(one: Import, beside: Mapping[str, bytes]) -> str:
    """The file that an import means; a path leads nowhere but beside."""
    name = PurePosixPath(unquote(one.file)).name
    if name in beside:
        return name
    for other, data in beside.items():
        if other.lower().endswith(".dmn") and one.namespace.encode() in data:
            try:
                if namespace_of(data, file=other) == one.namespace:
                    return other
            except DecisionError:
                continue
    return ""
