"""Runs diagrams. The only package that imports SpiffWorkflow; everyone else uses the names exported here.

What loads SpiffWorkflow is imported on first use, so that handlers may import `Deferred` and `BpmnError` cheaply.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from engine.spiff.host import (
    BpmnError,
    Deferred,
    DiagramError,
    Due,
    EvaluationFailed,
    Finding,
    HandlerFailed,
    Happening,
    Host,
    Job,
    RunFailed,
    StateMismatch,
    StepBudgetExceeded,
    TokenNotOpen,
    UnhandledBpmnError,
)
from engine.spiff.program import Element, Flow, Process, Program, Start

if TYPE_CHECKING:
    from engine.spiff.codec import Stored
    from engine.spiff.compile import compile_deployed, compile_program
    from engine.spiff.runtime import Workflow
    from engine.spiff.views import OpenTask, OpenWait

__all__ = [
    "BpmnError",
    "Deferred",
    "DiagramError",
    "Due",
    "Element",
    "EvaluationFailed",
    "Finding",
    "Flow",
    "HandlerFailed",
    "Happening",
    "Host",
    "Job",
    "OpenTask",
    "OpenWait",
    "Process",
    "Program",
    "RunFailed",
    "Start",
    "StateMismatch",
    "StepBudgetExceeded",
    "Stored",
    "TokenNotOpen",
    "UnhandledBpmnError",
    "Workflow",
    "compile_deployed",
    "compile_program",
]

_LAZY = {
    "Stored": "codec",
    "compile_deployed": "compile",
    "compile_program": "compile",
    "Workflow": "runtime",
    "OpenTask": "views",
    "OpenWait": "views",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value
