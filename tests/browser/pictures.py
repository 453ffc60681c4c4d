"""`python -m tests.browser.pictures FOLDER`: a picture of every page at 1280 and at 320 px, and a sheet of them all.

With `--readme` instead of a folder it makes the pictures of the README, in docs/pictures. The data are the
demonstration’s, in a database of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import Markup
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from engine.settings import Settings
from engine.world import World
from tests.browser.every_page import NOBODY, Sight, every_page
from tests.browser.screen import Screen, launch
from tests.browser.troubles import add_troubles
from tests.serving import serving
from web import serve
from web.app import create_app

WIDTHS = (1280, 320)
README = Path("docs") / "pictures"
# A page of the list -> the file that the README shows, and how much of the page stands on it.
SHOWN = {"my-tasks": 1300, "task-check-letter": 1300, "case": 1300, "team": 1300}


def main(arguments: list[str]) -> int:
    """Make the pictures. Returns the exit code."""
    with TemporaryDirectory() as data, sync_playwright() as playwright:
        app = create_app(Settings(data_dir=Path(data)))
        world: World = app.extensions["redress"]
        serve.prepare(world)
        add_troubles(world)
        browser = launch(playwright)
        with serving(app) as address:
            if arguments == ["--readme"]:
                _for_readme(seen(browser, address, [sight for sight in every_page(world) if sight.name in SHOWN]))
            else:
                _all(seen(browser, address, every_page(world)), Path(*arguments[:1] or ["screenshots"]))
        browser.close()
        world.db.close()
    return 0


def _all(pages: Iterable[tuple[Sight, Screen]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sights = []
    for sight, screen in pages:
        sights.append(sight)
        for width in WIDTHS:
            screen.resize(width).page.screenshot(path=folder / f"{sight.name}-{width}.png", full_page=True)
    (folder / "index.html").write_text(_sheet(sights))
    print(f"{len(sights)} pages, {len(sights) * len(WIDTHS)} pictures: open {folder / 'index.html'}")


def _for_readme(pages: Iterable[tuple[Sight, Screen]]) -> None:
    README.mkdir(parents=True, exist_ok=True)
    for sight, screen in pages:
        whole = Image.open(BytesIO(screen.resize(1280).page.screenshot(full_page=True))).convert("RGB")
        shown = whole.crop((0, 0, whole.width, min(whole.height, SHOWN[sight.name])))
        shown.quantize(256).save(README / f"{sight.name}.png", optimize=True)


def seen(browser: Browser, address: str, sights: list[Sight], *, script: bool = True) -> Iterator[tuple[Sight, Screen]]:
    """Yield each page with the screen that it stands on: one person after the other, each at a screen of their own."""
    for who, theirs in groupby(sights, key=lambda sight: sight.who):
        context = browser.new_context()
        screen = Screen(context.new_page(), address)
        if not script:
            screen.refuse_scripts()
        if who != NOBODY:
            screen.sign_in(who)
        for sight in theirs:
            yield sight, screen.visit(sight.path)
        context.close()


def _sheet(sights: list[Sight]) -> str:
    rows = Markup("").join(
        Markup(
            '<h2>{0}</h2><p>{1} {2}</p><img src="{0}-1280.png" width="640"> <img src="{0}-320.png" width="220">'
        ).format(sight.name, sight.who or "nobody", sight.path)
        for sight in sights
    )
    return Markup(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Every page</title>'
        "<style>body{{font-family:arial,sans-serif}}img{{border:1px solid #888;vertical-align:top}}</style>"
        "<h1>Every page</h1>{}</html>"
    ).format(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
