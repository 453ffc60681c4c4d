"""What is installed is what was locked: every package, its version, and the hashes of its files."""

from __future__ import annotations

import json
import re

import pytest

from engine.settings import ROOT

_PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([0-9A-Za-z.+!-]+)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pinned(name: str) -> dict[str, set[str]]:
    """Return the packages of a file with the versions that it names."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if match := _PINNED.match(line):
            found.setdefault(match[1].lower().replace("_", "-"), set()).add(match[2])
    return found


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-bench"])
def test_every_package_is_pinned_with_hashes_and_the_lock_is_of_what_is_asked_for(name: str) -> None:
    locked = (ROOT / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", locked, flags=re.MULTILINE).strip())
    assert len(entries) > 30
    for entry in entries:
        assert _PINNED.match(entry), entry[:80]
        assert _HASH.search(entry), f"{entry[:80]}: run make lock"
    for package, versions in pinned(f"{name}.in").items():
        assert pinned(f"{name}.txt").get(package) == versions, f"{package}: run make lock"
    for package, versions in pinned("requirements.txt").items():
        assert pinned("requirements-dev.txt").get(package) == versions, f"{package}: run make lock"
        assert pinned("requirements-bench.txt").get(package) == versions, f"{package}: run make lock"


def test_what_the_product_needs_says_why() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    assert [line for line in lines if "==" in line and not re.search(r"  # \w", line)] == []


def test_set_up_takes_nothing_whose_hash_is_not_known() -> None:
    installs = [line for line in (ROOT / "Makefile").read_text().splitlines() if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []


def test_no_lock_names_where_packages_come_from() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "package-lock.json"):
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|find-links|\"resolved\"|files\.pythonhosted", text), name
