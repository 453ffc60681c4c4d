"""A safeguard that is taken out is missed by a test: here a quick one, all of them by ``make mutants``."""

from __future__ import annotations

import pytest

from tests.faults.mutants import MUTANTS, a_copy_of_the_source, faults_of, is_seen_to_fail

QUICK = ("no check of the owner",)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_still_fits_the_source(name: str) -> None:
    assert faults_of(MUTANTS[name]) == []


def test_a_mutant_is_seen_to_fail() -> None:
    with a_copy_of_the_source() as copy:
        assert [name for name in QUICK if not is_seen_to_fail(MUTANTS[name], copy)] == []
