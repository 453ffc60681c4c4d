"""Plays a seed: random processes, and random walks through them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from engine.spiff import Program, compile_program
from tests.soak.blocks import Block
from tests.soak.coverage import rows_of
from tests.soak.drawing import draw
from tests.soak.instance import Disagreement, Undecided
from tests.soak.maker import Maker
from tests.soak.town import Town
from tests.soak.wishes import WISHES

WALKS = 3
TURNS = 40


@dataclass
class Played:
    """What was played: how many steps and walks, and which rows of the page of what runs were passed."""

    steps: int = 0
    walks: int = 0
    undecided: int = 0
    rows: set[str] = field(default_factory=set)

    def add(self, other: Played) -> None:
        """Count another's in."""
        self.steps += other.steps
        self.walks += other.walks
        self.undecided += other.undecided
        self.rows |= other.rows


def processes_of(seed: int) -> tuple[Block, ...]:
    """Return the processes of a seed."""
    return Maker(random.Random(seed)).processes(WISHES[seed % len(WISHES)])


def compiled(processes: tuple[Block, ...]) -> Program:
    """Return the processes as the engine reads them; what starts them must be known to it."""
    program = compile_program({"p.bpmn": draw(processes)}, "P0")
    for number, block in enumerate(processes):
        known = [(start.element_id, start.kind) for start in program.starts[f"P{number}"]]
        assert known == [(begins.id, begins.kind) for begins in block.starts if begins.kind != "none"], known
    return program


def play(seed: int, processes: tuple[Block, ...] | None = None, walks: int = WALKS) -> Played:
    """Walk through the processes of a seed.

    Raises: Disagreement, with the walk's script.
    """
    processes = processes or processes_of(seed)
    program = compiled(processes)
    played, passed = Played(), set[str]()
    for walk in range(walks):
        town = Town(program, processes, random.Random(f"{seed} {walk}"))
        try:
            town.begin(0, processes[0].starts[0], {})
            while town.steps < TURNS and town.step():
                pass
        except Undecided:
            played.undecided += 1
        except Exception as error:
            script = "\n".join([f"seed {seed}, walk {walk}", *town.said])
            raise Disagreement(f"{type(error).__name__}: {error}\n{script}") from error
        played.steps += town.steps
        played.walks += 1
        for instance in town.instances:
            happenings = instance.players[0].world.happenings
            passed |= {event.element_id for event in happenings if event.kind in ("completed", "flow")}
    played.rows = {row for row, elements in rows_of(draw(processes)).items() if elements & passed}
    return played
