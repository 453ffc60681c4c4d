"""A rehearsal tells every story of a folder in a world of its own, and a failing story says what is otherwise."""

from __future__ import annotations

from pathlib import Path

from engine import coverage
from engine.rehearsal import rehearse
from tests import tiny
from tests.stage import Stage
from tests.world import make_world

STORY = """
title = "Asked once"
process = "tiny"
at = "2026-11-02T09:30"
as = "review_caseworker"
[[step]]
complete = "ask"
with = {{ answer = "yes" }}
then = {{ {then} }}
"""


def _folder(stage: Stage, **stories: str) -> Path:
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("exclusiveGateway", "choose", default="choose_to_agreed"),
        tiny.node("endEvent", "agreed"),
        tiny.node("endEvent", "refused"),
        tiny.chain("begin", "ask", "choose"),
        tiny.flow("choose", "agreed"),
        tiny.flow("choose", "refused", '=answer = "no"'),
    )
    groups = "".join(f'[groups.{group}]\ntitle = "{group}"\n' for group in ("review_caseworker", "owning_team"))
    (folder.parent / "groups.toml").write_text(groups)
    (folder / "scenarios").mkdir()
    for name, then in stories.items():
        (folder / "scenarios" / f"{name}.toml").write_text(STORY.format(then=then))
    return folder


def test_a_rehearsal_tells_every_story_and_says_what_none_took(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    folder = _folder(stage, first="ended = true", second="tasks = []")
    rehearsal = rehearse(folder, make_world=lambda scratch: make_world(scratch, processes=folder.parent))
    assert rehearsal.failures == []
    assert [told.scenario.file for told in rehearsal.told] == ["first.toml", "second.toml"]
    covered = coverage.measure(rehearsal.program, rehearsal.told)
    assert [gap.element for diagram in covered.diagrams for gap in diagram.not_taken] == [
        "refused",
        "choose_to_refused",
    ]


def test_a_story_that_goes_otherwise_says_the_step_and_what_there_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    folder = _folder(stage, wrong='tasks = ["ask"], ended = true')
    rehearsal = rehearse(folder, make_world=lambda scratch: make_world(scratch, processes=folder.parent))
    assert rehearsal.failures == ["wrong.toml: step 1 (ask): tasks should be ['ask'] and is []"]
