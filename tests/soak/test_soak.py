"""Random processes and random walks: the engine shows what a token game written from BPMN 2.0 shows, at every step.

Each process is in the game, in the engine stored and restored at every step, and in the engine never stored.
`make soak` plays a million steps; `make soak SOAK_SEEDS=123-123` plays one seed again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.lint import is_error
from engine.lint.check import check_files
from engine.lint.finding import Known
from tests.engine.test_spiff_table import CELLS, SET_ASIDE
from tests.soak import __main__ as soak
from tests.soak import shrink
from tests.soak.blocks import Block, Catch, Value, inside
from tests.soak.coverage import EXCEPTIONS, rows_of
from tests.soak.drawing import draw
from tests.soak.instance import Disagreement
from tests.soak.play import Played, play, processes_of
from tests.soak.rules import Game
from tests.soak.wishes import WISHES

STEPS = 5_000
GROUPS = 8
"""So that the seeds are shared by the processors."""


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_engine_shows_what_the_token_game_shows(group: int) -> None:
    played, seed = Played(), group
    while played.steps < STEPS / GROUPS:
        played.add(play(seed))
        seed += GROUPS
    assert played.steps >= STEPS / GROUPS
    assert played.undecided < played.walks / 4


def test_every_row_of_the_page_is_made() -> None:
    made = {row for seed in range(len(WISHES)) for row in rows_of(draw(processes_of(seed)))}
    runs = {cell.name for cell in CELLS if cell.runs}
    assert runs - made == set(EXCEPTIONS), "docs/bpmn.md says that these run, and no seed makes one"
    assert made <= runs, "these are made, and docs/bpmn.md does not say that they run"


def test_what_is_made_passes_the_check() -> None:
    for seed in range(0, len(WISHES), 16):
        findings = check_files({"p.bpmn": draw(processes_of(seed))}, frozenset({"p.bpmn"}), known=Known())
        errors = [finding for finding in findings if is_error(finding) and finding.rule not in SET_ASIDE]
        assert not errors, seed


# The soak itself ------------------------------------------------------------------------------------------------------

TASK = Block("user", "u1", outputs=(("r", Value("n", 2)),))
BODY = Block("seq", ways=(Block("plain", "p2"), TASK, Block("manual", "m3")))
PROCESS = (Block("process", "s4", (BODY, Block("last", "k5", name="none")), starts=(Catch("c6", "none"),)),)


def test_a_fault_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A token game that forgets outputs plays another game than the engine."""
    own = Game.leave
    monkeypatch.setattr(Game, "leave", lambda game, outputs, *rest, **more: own(game, (), *rest, **more))
    with pytest.raises(Disagreement, match=r"(?s)only the engine:.*'r', \d+.*seed 7, walk 0.*0: task u1"):
        play(7, PROCESS)
    [small] = shrink.shrink(7, PROCESS, seconds=20)
    assert [block.kind for block in inside(small)] == ["process", "seq", "user", "last"]
    monkeypatch.setattr(soak, "FAILURES", tmp_path / "failures")
    monkeypatch.setattr(soak, "processes_of", lambda seed: PROCESS)
    told = soak.keep(7, "It differs.")
    assert told.endswith("Again: make soak SOAK_SEEDS=7-7")
    written = {file.name for file in (tmp_path / "failures").iterdir()}
    assert written == {"7.bpmn", "7.txt", "7-small.bpmn", "7-small.txt"}


def test_a_smaller_process_that_is_none_does_not_count_as_a_fault() -> None:
    nowhere = replace(PROCESS[0], ways=(Block("xor", "x7"), PROCESS[0].ways[1]))
    assert shrink.fails(7, (nowhere,)) == ""


def test_seeds_are_given_as_one_or_from_one_to_another() -> None:
    assert (soak.span("12-14"), soak.span("12")) == (range(12, 15), range(12, 13))
    assert next(iter(soak.span("12-"))) == 12


def test_a_soak_tells_how_far_it_is() -> None:
    line = soak.progress("random processes", Played(5_000, 400, 3), 0, 20_000, 50.0)
    assert line == (
        "random processes: 5,000 steps in 400 walks, 50 s, 100 steps a second, 3 walks ended where the standard says "
        "no more, 0 failed, about 2 min to go"
    )
