"""Diagrams, tables, forms, scripts and stories from outside: an attack is refused with a sentence, nothing stored."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.bundle import BundleInvalid
from engine.errors import DeploymentRefused
from engine.markup import BPMN, MarkupRefused, parse_xml
from engine.models import Definition
from engine.scenarios import ScenarioInvalid, read_scenario
from engine.world import World
from tests import tiny
from tests.web.conftest import app  # noqa: F401 - a fixture
from tests.world import deploy_text

SECRET = "what only we may read"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
ROOTS = {
    ".bpmn": f'<definitions xmlns="{BPMN}" id="d" targetNamespace="x">%s<process id="p"/></definitions>',
    ".dmn": f'<definitions xmlns="{DMN}" id="d" name="d" namespace="x">%s<decision id="a" name="a"/></definitions>',
}
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))


@cache
def hostile(root: str, secret: Path) -> dict[str, bytes]:
    """Return attacks on a reader of XML, by name; each would be a good file without its attack."""
    plain = root % ""
    start = plain.index(">")
    bomb = f'<!DOCTYPE d [<!ENTITY e0 "ha">{LAUGHS}]>'
    external = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    many = " ".join(f'a{n}="1"' for n in range(3_000))
    spaces = " ".join(f'xmlns:n{n}="u{n}"' for n in range(3_000))
    found = {
        "an entity from a file": external + root % "&x;",
        "an entity from a file in an attribute": external + plain.replace('id="d"', 'id="&x;"'),
        "a parameter entity": f'<!DOCTYPE d [<!ENTITY % x SYSTEM "{secret.as_uri()}"> %x;]>' + plain,
        "a DTD elsewhere": f'<!DOCTYPE d SYSTEM "{secret.as_uri()}">' + plain,
        "a DTD over the network": '<!DOCTYPE d PUBLIC "-//x" "http://127.0.0.1:9/x.dtd">' + plain,
        "a billion laughs": bomb + root % "&e8;",
        "a billion laughs in an attribute": bomb + plain.replace('id="d"', 'id="&e8;"'),
        "a quadratic blow-up": f'<!DOCTYPE d [<!ENTITY x "{"x" * 100_000}">]>' + root % ("&x;" * 1_000),
        "a default attribute": '<!DOCTYPE d [<!ATTLIST process id CDATA "y">]>' + plain,
        "an entity that names itself": '<!DOCTYPE d [<!ENTITY x "&x;">]>' + root % "&x;",
        "too deep": root % ("<a>" * 150 + "</a>" * 150),
        "far too deep": root % ("<a>" * 50_000 + "</a>" * 50_000),
        "too many elements": root % ("<a/>" * 60_000),
        "too large": root % f"<!--{'x' * 5_000_001}-->",
        "too many attributes": f"{plain[:start]} {many}{plain[start:]}",
        "too many namespaces": f"{plain[:start]} {spaces}{plain[start:]}",
        "a character that is none": root % "&#0;",
        "half of a pair": root % "&#xD800;",
        "cut off": plain[:-5],
        "a name without a namespace": plain.replace("<definitions", "<q:definitions"),
        "empty": "",
        "not XML": '{"a": 1}',
    }
    odd = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>{root % "&x;"}'
    coded = {
        "UTF-16": ('<?xml version="1.0" encoding="UTF-16"?>' + odd).encode("utf-16"),
        "UTF-16 without a mark": odd.encode("utf-16-le"),
        "UTF-32": odd.encode("utf-32"),
        "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + odd.replace("<!", "+ADwAIQ-").encode(),
        "EBCDIC": ('<?xml version="1.0" encoding="cp037"?>' + odd).encode("cp037"),
        "no such encoding": b'<?xml version="1.0" encoding="x-none"?>' + plain.encode(),
        "broken UTF-8": plain.encode().replace(b'id="d"', b'id="\xc0\xaf"'),
        "NUL bytes": plain.encode().replace(b"><", b">\0<"),
    }
    return {name: text.encode() for name, text in found.items()} | coded


NAMES = tuple(hostile(ROOTS[".bpmn"], Path("/x")))


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that no answer may repeat."""
    path = tmp_path_factory.mktemp("secret") / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_on_the_reader_of_xml_is_refused_with_a_sentence(secret: Path, name: str) -> None:
    for root in ROOTS.values():
        with pytest.raises(MarkupRefused) as refused:
            parse_xml(hostile(root, secret)[name])
        assert len(str(refused.value)) < 400
        assert str(refused.value).endswith((".", "diagram."))
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize("ending", ROOTS)
def test_nothing_is_included_and_no_instruction_is_followed(secret: Path, ending: str) -> None:
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    instruction = f'<?xml-stylesheet href="{secret.as_uri()}"?>'
    root = parse_xml((instruction + ROOTS[ending] % include).encode())
    assert SECRET not in "".join(str(part) for part in root.itertext())


def commands(ending: str, file: Path) -> list[list[str]]:
    """Return every command that reads a file from outside."""
    check = ["check", "--json", str(file)]
    return (
        [check, ["run-bpmn", str(file), "--json"]]
        if ending == ".bpmn"
        else [check, ["decide", str(file), "a", "--json"]]
    )


@pytest.mark.parametrize("ending", ROOTS)
def test_every_command_refuses_every_attack(app, secret: Path, tmp_path: Path, ending: str) -> None:  # noqa: F811
    runner = app.test_cli_runner()
    file = tmp_path / f"attack{ending}"
    for name, content in hostile(ROOTS[ending], secret).items():
        file.write_bytes(content)
        for command in commands(ending, file):
            said = runner.invoke(args=command)
            assert isinstance(said.exception, SystemExit), (name, command, said.exception)
            assert said.exit_code in (1, 2), (name, command)
            assert "Traceback" not in said.output
            assert SECRET not in said.output
            assert len(json.dumps(json.loads(said.output))) < 5_000, (name, command)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("too large", "too many elements", "far too deep")])
def test_a_deployment_with_an_attack_in_it_stores_nothing(
    world: World, tmp_path: Path, secret: Path, name: str
) -> None:
    files = tiny.folder("", {})
    for ending, root in ROOTS.items():
        content = hostile(root, secret)[name]
        path = tmp_path / "processes" / "tiny" / f"tiny{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with pytest.raises(DeploymentRefused) as refused:
            deploy_text(world, tmp_path, {p: t for p, t in files.items() if not p.endswith(".bpmn")})
        assert SECRET not in str(refused.value)
    with world.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(Definition)).scalar_one() == 0


DEEP = 100_000
GOOD = ROOTS[".bpmn"] % ""
TOML = {
    "too deep": "a = " + "[" * DEEP + "]" * DEEP,
    "tables too deep": "a = " + "{b = " * 5_000 + "1" + "}" * 5_000,
    "a name of many parts": ".".join(["a"] * 5_000) + " = 1",
    "cut off": 'a = "',
    "twice": "a = 1\na = 2",
    "a number of many digits": "a = " + "9" * 5_000,
    "a date that is none": "a = 2026-13-45",
    "a control character": 'a = "\x00"',
    "half of a pair": 'a = "\\ud800"',
}


@pytest.mark.parametrize("name", TOML)
def test_a_script_that_is_no_script_is_refused_with_a_sentence(app, tmp_path: Path, name: str) -> None:  # noqa: F811
    (tmp_path / "a.bpmn").write_text(GOOD)
    (tmp_path / "case.toml").write_text(TOML[name])
    command = ["run-bpmn", str(tmp_path / "a.bpmn"), "--script", str(tmp_path / "case.toml"), "--json"]
    said = app.test_cli_runner().invoke(args=command)
    assert isinstance(said.exception, SystemExit), said.exception
    assert said.exit_code in (1, 2)
    assert "Traceback" not in said.output


@pytest.mark.parametrize("name", sorted(TOML.keys() - {"a name of many parts"}))
def test_a_sheet_that_is_no_toml_is_refused_and_nothing_stored(world: World, tmp_path: Path, name: str) -> None:
    body = (tiny.node("startEvent", "start"), tiny.node("endEvent", "end"), tiny.chain("start", "end"))
    for path in (
        "tiny/process.toml",
        "dictionary.toml",
        "tiny/scenarios/one.toml",
        "tiny/scenarios/usual/answers.toml",
    ):
        folder = tmp_path / path.replace("/", "-")
        files = tiny.folder(tiny.diagram(*body), {}) | {path: TOML[name]}
        with pytest.raises((DeploymentRefused, BundleInvalid)):
            deploy_text(world, folder, files)
    with world.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(Definition)).scalar_one() == 0


@pytest.mark.parametrize("name", TOML)
def test_a_story_that_is_no_story_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(ScenarioInvalid, match=r"^one\.toml: ") as refused:
        read_scenario(TOML[name].encode(errors="replace"), file="one.toml")
    assert "recursion" not in str(refused.value)


JSON = {
    "too deep": "[" * DEEP + "]" * DEEP,
    "objects too deep": '{"a":' * DEEP + "1" + "}" * DEEP,
    "not whole": '{"a": ',
    "a number of many digits": '{"a": ' + "9" * 5_000 + "}",
}


@pytest.mark.parametrize("name", JSON)
def test_an_input_that_is_no_json_is_refused_with_a_sentence(app, tmp_path: Path, name: str) -> None:  # noqa: F811
    (tmp_path / "a.dmn").write_text(ROOTS[".dmn"] % "")
    said = app.test_cli_runner().invoke(args=["decide", str(tmp_path / "a.dmn"), "a", "--input", JSON[name], "--json"])
    assert isinstance(said.exception, SystemExit), said.exception
    assert said.exit_code == 2
    assert "Traceback" not in said.output


@pytest.mark.parametrize("name", ["too deep", "objects too deep", "not whole"])
def test_a_form_that_is_no_json_is_refused_and_nothing_stored(world: World, tmp_path: Path, name: str) -> None:
    body = (tiny.node("startEvent", "start"), tiny.user_task("ask", form="ask"), tiny.node("endEvent", "end"))
    files = tiny.folder(tiny.diagram(*body, tiny.chain("start", "ask", "end")), {"ask": JSON[name]})
    with pytest.raises(DeploymentRefused, match=r"not valid JSON|too large"):
        deploy_text(world, tmp_path, files)
    with world.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(Definition)).scalar_one() == 0
