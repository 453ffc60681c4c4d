"""Failpoints: what may be asked for, and that the list of them is what the code has."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys

import pytest

from engine import failpoints
from engine.settings import ROOT


def test_every_failpoint_of_the_list_is_in_the_code_and_each_of_the_code_is_in_the_list() -> None:
    called = {
        node.args[0].value
        for package in ("engine", "handlers", "letters", "web")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "failpoint"
        and isinstance(node.args[0], ast.Constant)
    }
    assert called == set(failpoints.POINTS)


@pytest.mark.parametrize("text", ["commit_after", "commit_after:3", "commit_after:1:stop", "delivery_done:0"])
def test_a_point_may_be_asked_for_with_how_often_and_what_is_done_there(text: str) -> None:
    assert failpoints.is_failpoint(text)


@pytest.mark.parametrize("text", ["", "nowhere", "commit_after:", "commit_after:x", "commit_after:1:start"])
def test_anything_else_is_refused(text: str) -> None:
    assert not failpoints.is_failpoint(text)


def _reach(times: int, asked: str) -> int:
    """Reach a point some times in a process of its own; return how the process ended, or was stopped."""
    program = f"from engine.failpoints import failpoint\nfor _ in range({times}): failpoint('commit_after')"
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env={"REDRESS_FAILPOINT": asked})
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        child.send_signal(signal.SIGCONT)
        child.wait()
    else:
        child.returncode = os.waitstatus_to_exitcode(status)
    return status


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 137)])
def test_the_process_ends_when_the_point_is_reached_that_often(times: int, code: int) -> None:
    assert os.waitstatus_to_exitcode(_reach(times, "commit_after:2")) == code


def test_the_process_sleeps_at_the_point_until_it_is_let_go_on() -> None:
    assert os.WIFSTOPPED(_reach(1, "commit_after:1:stop"))
