"""A disk that is full: it is said, all that was saved is kept, nothing half is left, and it goes on when there is room.

A limit on the size of files stands for the full disk: a write beyond it fails in the middle, as on a disk without room.
A spool without room is in tests/engine/test_outbox.py, a real full disk in the long form.
"""

from __future__ import annotations

import pytest

from tests.faults.oracle import faults_in
from tests.faults.sweep import Sweep, fault_of, opened
from tests.world import is_postgres


@pytest.mark.skipif(is_postgres(), reason="the files of the database are the server's, not ours")
@pytest.mark.parametrize(("size", "says_so"), [(50_000, True), (200_000, False)])
def test_a_database_without_room_says_so_keeps_all_that_was_saved_and_goes_on_with_room(
    swept: Sweep, size: int, says_so: bool
) -> None:
    folder = swept.copy("letter")
    answer = swept.play("letter", folder, 0, file_size=size)
    # The last is full when the delivery is to be recorded: nobody is there to be told, and the log says it.
    assert answer["code"] == says_so
    assert ("DatabaseAway" in fault_of(folder)) == says_so
    with opened(folder, run=0) as world:
        assert faults_in(world, ended=False) == []
    swept.play_to_the_end("letter", folder, 1)
    swept.compare("letter", folder)
