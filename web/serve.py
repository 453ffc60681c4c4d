"""`python -m web.serve`: makes ready what is missing, then serves the pages with the scheduler in the same process."""

from __future__ import annotations

import fcntl
import signal
import socket
import sys
from pathlib import Path
from typing import IO, Any

import waitress

from engine import bank_holidays, definitions, worker
from engine.errors import DeploymentRefused, RedressError
from engine.queries.operations import list_definitions
from engine.schema import migrate
from engine.settings import Settings, read_settings
from engine.world import DEPLOYMENT, World
from web import demo_clock, logs
from web.app import create_app
from web.assets import built_from
from web.demo_people import PASSWORD, PEOPLE, with_known_password
from web.security import keep_private, most_received


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    logs.set_up()
    try:
        settings = read_settings()
        logs.set_up(as_json=settings.logs_json)
        lock = hold(settings.data_dir)
        check_port(settings)
        app = create_app(settings)
        world: World = app.extensions["redress"]
        prepare(world)
    except RedressError as error:
        print(error, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _stop)
    scheduler = worker.start_scheduler(world)
    app.extensions["redress_scheduler"] = scheduler
    greet(settings)
    try:
        waitress.serve(
            app,
            host=settings.host,
            port=settings.port,
            threads=8,
            ident=None,
            clear_untrusted_proxy_headers=not settings.proxies,
            # Above what pages take, so that theirs is the answer; far above, nothing is even received.
            max_request_body_size=most_received(settings.upload_megabytes),
            # Who opens connections and sends a byte now and then must not shut out the others.
            connection_limit=500,
            channel_timeout=30,
            cleanup_interval=5,
            asyncore_use_poll=True,
        )
    except KeyboardInterrupt:
        pass
    finally:
        scheduler.shutdown(wait=True)
        world.db.close()
        lock.close()
    return 0


def prepare(world: World) -> None:
    """Make or migrate the database, put `processes/` in force, and fill an empty demonstration.

    Raises: DeploymentRefused only when nothing is in force yet; otherwise the version in force stays. DemoAccountsLeft.
    """
    if migrate(world.db):
        print("The database is ready.")
    if not world.db.is_sqlite:
        worker.prepare_queue(world)
    if not world.settings.demo:
        refuse_demo_accounts(world)
    bank_holidays.seed(world)
    for folder in definitions.process_folders(world.settings.processes_dir):
        _deploy(world, folder)
    for key in definitions.without_folder(world):
        print(f"{key}: its folder is gone, and it is still in force. To start no new ones: withdraw {key}")
    if world.settings.demo:
        demo_clock.restore(world)
        from web import demo  # only a first start needs what it imports

        demo.seed(world, say=print)


def refuse_demo_accounts(world: World) -> None:
    """Refuse to serve in earnest what a demonstration left. Raises: DemoAccountsLeft."""
    with world.db.read() as connection:
        left = with_known_password(connection)
    if left:
        raise DemoAccountsLeft(
            f"Everybody knows the password of {', '.join(left)}: a demonstration made these accounts. "
            "Choose another DATA_DIR, or start with REDRESS_DEMO=yes."
        )


def _deploy(world: World, folder: Path) -> None:
    try:
        deployed = definitions.deploy(world, folder, actor=DEPLOYMENT)
    except DeploymentRefused as refused:
        with world.db.read() as connection:
            if all(row.key != folder.name for row in list_definitions(connection)):
                raise
        print(refused, file=sys.stderr)
        return
    if deployed.is_new:
        print(f"{deployed.key}: version {deployed.version} is in force.")


class AlreadyRunning(RedressError):
    """Another Redress is running on this data directory. Stop it first, or choose another with DATA_DIR."""


class DemoAccountsLeft(RedressError):
    """The data directory holds accounts of a demonstration, whose password everybody knows."""


class PortTaken(RedressError):
    """The port is in use. Choose another with PORT."""


def hold(data_dir: Path) -> IO[Any]:
    """Take the data directory for this process. Raises: AlreadyRunning."""
    keep_private(data_dir)
    lock = (data_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        lock.close()
        raise AlreadyRunning(
            f"Another Redress is running on {data_dir}. Stop it, or choose another with DATA_DIR."
        ) from taken
    return lock


def check_port(settings: Settings) -> None:
    """Refuse early when the port is taken: before the database is touched. Raises: PortTaken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as taken:
            raise PortTaken(f"Port {settings.port} is in use. Choose another: PORT=8123 make run") from taken


def greet(settings: Settings) -> None:
    """Say where to go and who can sign in."""
    print(f"\nRedress is at http://{settings.host}:{settings.port}/   (stop it with Ctrl-C)")
    if not built_from():
        print("The pages have no style yet: run `.venv/bin/python -m web.assets`.")
    if settings.demo:
        print(f"\nDemonstration accounts; the password of each is {PASSWORD}:")
        for person in PEOPLE:
            print(f"  {person.username:8} {person.name}, {person.job_title}: {person.does}")
    sys.stdout.flush()


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
