"""A PostgreSQL server of our own in a folder: for `make run-scaled` and for tests. Production has its own.

It listens on a socket in that folder alone, which nobody else may enter, so that no password is needed. PostgreSQL
refuses to run as root; started by root, it runs as the user `postgres`, which Debian's package made.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from engine.errors import RedressError

USER = "postgres"
INSTALL = "sudo apt-get install postgresql"
_DEBIAN = Path("/usr/lib/postgresql")
_LONGEST_SOCKET = 100  # what the kernel takes for the path of a socket, less the file's own name


class NoPostgres(RedressError):
    """PostgreSQL is not installed, or a server could not be started."""


def programs() -> Path | None:
    """Return the folder of the newest installed server's programs, or None. Debian keeps them off the path."""
    found = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdecimal() else 0)
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def start(folder: Path, *, options: Mapping[str, str] | None = None) -> None:
    """Start the folder's server, and make it first when there is none. Raises: NoPostgres."""
    if programs() is None:
        raise NoPostgres(f"PostgreSQL is not installed. Install it with: {INSTALL}")
    _own(folder)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    if not is_running(folder):
        settings = {"listen_addresses": "", "unix_socket_directories": str(_socket_folder(folder)), **(options or {})}
        given = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        _run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", given, "start")


def stop(folder: Path, *, at_once: bool = False) -> None:
    """Stop the folder's server, if it runs; `at_once` as a power cut would."""
    if is_running(folder):
        _run("pg_ctl", "-D", folder / "data", "-w", "-m", "immediate" if at_once else "fast", "stop")


def is_running(folder: Path) -> bool:
    """Tell whether the folder's server runs."""
    return _try("pg_ctl", "-D", folder / "data", "status").returncode == 0


def url(folder: Path, *, database: str, driver: str = "+psycopg") -> str:
    """Return the address of a database of the folder's server; without `driver`, as the driver itself takes it."""
    return f"postgresql{driver}://{USER}@/{database}?host={_socket_folder(folder)}"


def _own(folder: Path) -> None:
    """Make the folder and the socket's, for the server's user alone."""
    for each in {folder, _socket_folder(folder)}:
        each.mkdir(parents=True, exist_ok=True)
        each.chmod(0o700)
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(each, user.pw_uid, user.pw_gid)
            _let_through(each)
        elif each.stat().st_uid != os.geteuid():
            raise NoPostgres(f"{each} belongs to another user. Choose another DATA_DIR.")


def _let_through(folder: Path) -> None:
    """Let the server's user pass through the folder above; what lies there stays closed. Raises: NoPostgres."""
    above = folder.parent
    if above.stat().st_uid == 0 and not above.stat().st_mode & 0o001:
        above.chmod(above.stat().st_mode | 0o011)
    if _as_user("test", "-x", folder).returncode:
        raise NoPostgres(f"The user {USER} cannot reach {folder}. Choose another DATA_DIR, or do not run as root.")


def _as_user(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command as the server's user, when root runs this."""
    changed = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
    # The server outlives pg_ctl, and must not hold what a caller reads to its end: its own words go to its log.
    with tempfile.TemporaryFile("w+") as said:
        whole = [*changed, *map(str, command)]
        code = subprocess.run(whole, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd="/").returncode
        said.seek(0)
        return subprocess.CompletedProcess(whole, code, said.read(), "")


def _socket_folder(folder: Path) -> Path:
    """Return where the socket is: in the folder itself, unless its path is too long for one."""
    whole = folder.resolve()
    if len(str(whole)) <= _LONGEST_SOCKET - len("/.s.PGSQL.5432"):
        return whole
    return Path(tempfile.gettempdir()) / f"redress-{sha256(str(whole).encode()).hexdigest()[:16]}"


def _run(program: str, *arguments: object) -> None:
    done = _try(program, *arguments)
    if done.returncode:
        raise NoPostgres(f"{program} failed:\n{done.stdout}{done.stderr}")


def _try(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    folder = programs()
    if folder is None:
        return subprocess.CompletedProcess([], 127, "", "")
    return _as_user(folder / program, *arguments)
