"""Settings: read once, and every unknown or malformed one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SettingsInvalid
from engine.failpoints import POINTS
from engine.settings import ROOT, read_settings


def test_without_any_variable_the_program_serves_this_machine_only() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, True)
    assert settings.data_dir == ROOT / "data"
    assert settings.spool_dir == ROOT / "data" / "spool"
    assert settings.database_url == f"sqlite:///{ROOT}/data/redress.db"


def test_what_an_operator_sets_is_used(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "PORT": "8123",
            "HOST": "0.0.0.0",
            "DATA_DIR": str(tmp_path),
            "REDRESS_DEMO": "No",
            "REDRESS_PROCESSES_DIR": str(tmp_path),
            "REDRESS_DELIVERY_ATTEMPTS": "9",
            "REDRESS_STEP_BUDGET": "50",
            "REDRESS_FAILPOINT": POINTS[0],
            "PATH": "/usr/bin",
        }
    )
    assert (settings.port, settings.host, settings.demo) == (8123, "0.0.0.0", False)
    assert (settings.data_dir, settings.processes_dir) == (tmp_path, tmp_path)
    assert (settings.delivery_attempts, settings.step_budget) == (9, 50)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(
            {
                "PORT": "eighty",
                "REDRESS_DEMO": "maybe",
                "REDRESS_DELIVERY_ATTEMPS": "3",
                "REDRESS_STEP_BUDGET": "1",
                "REDRESS_PROCESSES_DIR": str(tmp_path / "nowhere"),
                "REDRESS_FAILPOINT": "no_such_point",
            }
        )
    lines = str(caught.value).splitlines()
    for name in ("PORT", "REDRESS_DEMO", "REDRESS_DELIVERY_ATTEMPS", "REDRESS_STEP_BUDGET", "REDRESS_PROCESSES_DIR",
                 "REDRESS_FAILPOINT"):  # fmt: skip
        assert sum(line.startswith(f"{name} ") for line in lines) == 1, name


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8000.0", "", " 80"])
def test_a_port_outside_its_range_is_refused(port: str) -> None:
    with pytest.raises(SettingsInvalid, match="PORT must be a whole number from 1 to 65535"):
        read_settings({"PORT": port})


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "localhost"])
def test_an_address_to_serve_on_is_used(host: str) -> None:
    assert read_settings({"HOST": host}).host == host


@pytest.mark.parametrize("host", ["my-laptop", "a.b.c.d", "x86_64-conda-linux-gnu", ""])
def test_a_host_that_another_program_put_into_the_environment_is_left_alone(host: str) -> None:
    assert read_settings({"HOST": host}).host == "127.0.0.1"


@pytest.mark.parametrize("host", ["999.0.0.1", "127.0.0", "::zz"])
def test_a_mistyped_address_is_refused(host: str) -> None:
    with pytest.raises(SettingsInvalid, match="HOST must be"):
        read_settings({"HOST": host})


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingsInvalid, match="DATA_DIR must be a folder"):
        read_settings({"DATA_DIR": str(tmp_path / "data")})


def test_settings_never_change() -> None:
    settings = read_settings({})
    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc]
