"""The threat model is one page, and every test that it names is there."""

from __future__ import annotations

import ast
import re

import pytest

from engine.settings import ROOT
from tests.security.headers import CONTENT_POLICY, FIXED, faults_of

PAGE = (ROOT / "docs" / "threat-model.md").read_text()
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ")][1:]


def test_every_threat_has_a_guard_and_a_test_that_is_there() -> None:
    assert len(ROWS) > 20
    for threat, guard, said in ROWS:
        assert threat.strip()
        assert guard.strip()
        file, _, name = said.strip().strip("`").partition("::")
        tree = ast.parse((ROOT / file).read_text())
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not name or name in names, f"{threat.strip()}: there is no {name} in {file}"


def test_it_fits_on_a_page() -> None:
    assert len(PAGE.splitlines()) <= 50


def whole() -> dict[str, str]:
    policy = "; ".join(f"{name} {value}" for name, value in CONTENT_POLICY.items())
    return {**FIXED, "Content-Security-Policy": policy, "Cache-Control": "no-store"}


@pytest.mark.parametrize("name", whole())
def test_a_page_without_a_header_would_be_seen(name: str) -> None:
    assert faults_of(whole(), "/tasks/") == []
    assert faults_of({key: value for key, value in whole().items() if key != name}, "/tasks/")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Security-Policy", whole()["Content-Security-Policy"] + "; style-src-attr 'unsafe-inline'"),
        ("Content-Security-Policy", whole()["Content-Security-Policy"].replace("'self'", "'self' 'unsafe-inline'")),
        ("Cache-Control", "public"),
        ("Set-Cookie", "redress=x; Path=/"),
        ("Set-Cookie", "redress=x; HttpOnly; Path=/"),
        ("Set-Cookie", "redress=x; Secure; HttpOnly; SameSite=Lax"),
        ("Strict-Transport-Security", "max-age=1"),
        ("Server", "waitress/3.0.2"),
    ],
)
def test_a_page_that_says_too_much_would_be_seen(header: str, value: str) -> None:
    assert faults_of({**whole(), header: value}, "/tasks/")


def test_every_setting_that_guards_is_told_to_operators() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in ("HTTPS", "PROXIES", "HOSTS", "SESSION_IDLE_MINUTES", "SESSION_HOURS"):
        assert re.search(rf"`REDRESS_{name}`", readme), name
