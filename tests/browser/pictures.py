"""`python -m tests.browser.pictures FOLDER`: a picture of every page at 1280 and at 320 px, and a sheet of them all.

With `--readme` it also makes the pictures of the README, in docs/pictures. The data are the demonstration’s, in a
database of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import Markup
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from engine.settings import Settings
from engine.world import World
from tests.browser.every_page import NOBODY, Sight, every_page
from tests.browser.screen import CHROMIUM, Screen
from tests.browser.troubles import add_troubles
from tests.serving import serving
from web import serve
from web.app import create_app

WIDTHS = (1280, 320)
README = Path("docs") / "pictures"
# A page of the list -> the file that the README shows, and how much of the page stands on it.
SHOWN = {"my-tasks": 1100, "task-check-letter": 1300, "case": 1300, "team": 1300}


def main(arguments: list[str]) -> int:
    """Make the pictures. Returns the exit code."""
    folder = Path(next((word for word in arguments if not word.startswith("-")), "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data, sync_playwright() as playwright:
        app = create_app(Settings(data_dir=Path(data)))
        world: World = app.extensions["redress"]
        serve.prepare(world)
        add_troubles(world)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        sights = every_page(world)
        with serving(app) as address:
            for sight, screen in seen(browser, address, sights):
                for width in WIDTHS:
                    screen.resize(width).page.screenshot(path=folder / f"{sight.name}-{width}.png", full_page=True)
                if "--readme" in arguments and sight.name in SHOWN:
                    _for_readme(screen, sight.name)
        browser.close()
        world.db.close()
    (folder / "index.html").write_text(_sheet(sights))
    print(f"{len(sights)} pages, {len(sights) * len(WIDTHS)} pictures: open {folder / 'index.html'}")
    return 0


def seen(browser: Browser, address: str, sights: list[Sight]) -> Iterator[tuple[Sight, Screen]]:
    """Yield each page with the screen that it stands on, one screen for each person."""
    screens: dict[str, Screen] = {}
    for sight in sights:
        if sight.who not in screens:
            screen = screens[sight.who] = Screen(browser.new_context().new_page(), address)
            if sight.who != NOBODY:
                screen.sign_in(sight.who)
        yield sight, screens[sight.who].visit(sight.path)


def _for_readme(screen: Screen, name: str) -> None:
    README.mkdir(parents=True, exist_ok=True)
    screen.resize(1280)
    whole = Image.open(BytesIO(screen.page.screenshot(full_page=True))).convert("RGB")
    shown = whole.crop((0, 0, whole.width, min(whole.height, SHOWN[name])))
    shown.quantize(64).save(README / f"{name}.png", optimize=True)


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
