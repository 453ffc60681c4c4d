"""The sweep: kill a flow at a point, start again, and compare with the run that was left in peace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.settings import ROOT
from engine.world import World
from tests.faults import flows
from tests.faults.hatch import COUNTED, FAULT
from tests.faults.oracle import differences, faults_in, left_the_house, outcome_of
from tests.faults.provider import Provider, provider
from tests.world import copy_world

KILLED = 137


@dataclass(slots=True)
class Peaceful:
    """A flow as it was set up, and what it comes to when nobody is killed."""

    folder: Path
    reached: dict[str, int]
    outcome: dict[str, list[str]]
    left: Counter[str]


@dataclass(slots=True)
class Sweep:
    """Where flows are played: a hatch, a provider outside, and a folder for each run."""

    root: Path
    outside: Provider
    hatch: subprocess.Popen[str]
    runs: int = 0
    known: dict[str, Peaceful] = field(default_factory=dict)

    def order(self, **order: object) -> dict[str, Any]:
        """Give the hatch an order and return its answer."""
        assert self.hatch.stdin is not None
        assert self.hatch.stdout is not None
        self.hatch.stdin.write(json.dumps(order) + "\n")
        self.hatch.stdin.flush()
        answer: dict[str, Any] = json.loads(self.hatch.stdout.readline())
        return answer

    def play(self, flow: str, folder: Path, run: int, *, do: str = "play", **more: object) -> dict[str, Any]:
        """Play a flow in a folder, in a process of its own."""
        where = {"gateway": self.outside.url, "mail": self.outside.mail_server}
        return self.order(do=do, flow=flow, folder=str(folder), run=run, **where, **more)

    def play_to_the_end(self, flow: str, folder: Path, run: int) -> None:
        """Play a flow in a folder to its end."""
        answer = self.play(flow, folder, run)
        assert answer["code"] == 0, fault_of(folder)

    def peaceful(self, flow: str) -> Peaceful:
        """Return a flow that is set up, with what it comes to in peace; played once."""
        if flow not in self.known:
            founded, folder = self._new(), self._new()
            founded.mkdir()
            flows.FLOWS[flow].found(founded)
            copy_world(founded, folder)
            self.play_to_the_end(flow, folder, 0)
            outcome, left = self.result(folder)
            self.known[flow] = Peaceful(founded, json.loads((folder / COUNTED).read_text()), outcome, left)
        return self.known[flow]

    def copy(self, flow: str) -> Path:
        """Return a new folder in which a flow is set up."""
        folder = self._new()
        copy_world(self.peaceful(flow).folder, folder)
        return folder

    def result(self, folder: Path, *, run: int = 1) -> tuple[dict[str, list[str]], Counter[str]]:
        """Check that nothing is wrong in a folder; return what the run has come to, and what has left the house."""
        with opened(folder, run=run + 1) as world:
            assert faults_in(world) == []
            outcome = outcome_of(world)
        return outcome, left_the_house(folder, self.outside.taken(folder.name))

    def compare(self, flow: str, folder: Path, *, run: int = 1) -> None:
        """Check that a run has come to what it comes to in peace."""
        peaceful = self.peaceful(flow)
        outcome, left = self.result(folder, run=run)
        assert not_mailed_again(left, peaceful.left) == peaceful.left
        assert differences(peaceful.outcome, outcome) == []

    def kill(self, flow: str, failpoint: str) -> None:
        """Kill a flow at a point, play it again, and compare with the peaceful run."""
        folder = self.copy(flow)
        answer = self.play(flow, folder, 0, failpoint=failpoint)
        assert answer["code"] == KILLED, f"{flow} never reached {failpoint}: {fault_of(folder)}"
        self.play_to_the_end(flow, folder, 1)
        self.compare(flow, folder)
        shutil.rmtree(folder)

    def sleep_through_the_lease(self, flow: str, failpoint: str) -> None:
        """Stop a flow at a point, let another process play it to the end, then let the first one go on.

        The one that slept must change nothing when it wakes.
        """
        folder = self.copy(flow)
        asleep = self.play(flow, folder, 0, do="start", failpoint=f"{failpoint}:stop")["pid"]
        assert self.order(do="wait", pid=asleep)["stopped"], f"{flow} never reached {failpoint}: {fault_of(folder)}"
        self.play_to_the_end(flow, folder, 1)
        outcome, left = self.result(folder)
        os.kill(asleep, signal.SIGCONT)
        assert self.order(do="wait", pid=asleep)["code"] == 0, fault_of(folder)
        later, left_later = self.result(folder)
        assert differences(outcome, later) == []
        assert not_mailed_again(left_later, left) == left
        self.compare(flow, folder)
        shutil.rmtree(folder)

    def _new(self) -> Path:
        self.runs += 1
        return self.root / f"run{self.runs}"


def not_mailed_again(left: Counter[str], peaceful: Counter[str]) -> Counter[str]:
    """Return what has left, without the copies of an email: a mail server cannot be asked whether it has one."""
    return Counter(
        {name: peaceful[name] if name.startswith("mail/") and count > peaceful[name] > 0 else count
         for name, count in left.items()}
    )  # fmt: skip


@contextmanager
def opened(folder: Path, *, run: int) -> Iterator[World]:
    """Open the world of a folder, as the run of this number would."""
    world = flows.open_play(folder, run=run)
    try:
        yield world
    finally:
        world.db.close()


def fault_of(folder: Path) -> str:
    """Return what a player said when it failed."""
    said = folder / FAULT
    return said.read_text() if said.exists() else "it said nothing"


@contextmanager
def sweep() -> Iterator[Sweep]:
    """Make ready for a sweep, and clear everything away after it."""
    root = Path(tempfile.mkdtemp(prefix="redress-sweep-"))
    warm = root / "warm"
    warm.mkdir()
    flows.FLOWS["complete"].found(warm)
    command = [sys.executable, "-m", "tests.faults.hatch", str(warm)]
    with (
        provider(root) as outside,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hatch,
    ):
        yield Sweep(root, outside, hatch)
    shutil.rmtree(root)
