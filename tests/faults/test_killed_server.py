"""The real server is killed while people work: nothing that they were told is lost, and every letter leaves once."""

from __future__ import annotations

from pathlib import Path

from tests.faults.killed_server import kill_again_and_again


def test_what_a_page_confirmed_is_kept_by_a_server_that_is_killed(tmp_path: Path) -> None:
    told = kill_again_and_again(tmp_path, seed=2, kills=1, cases=3)
    assert told.faults == []
    assert (told.kills, told.letters) == (1, 3)
    assert told.confirmed
