"""The explorer in Debian's Chromium, and what must never happen in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

CHROMIUM = shutil.which("chromium")
WHY_NOT = "Chromium is not installed (Debian: apt install chromium)"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)


@contextmanager
def opened(page_file: Path, address: str = "", **options: Any) -> Iterator[Page]:
    """Open a page as a file, and see at the end that it asked for nothing and logged no error."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.resolve().as_uri() + address)
        page.wait_for_selector("body[data-ready]")
        yield page
        outside = [url for url in asked if not url.startswith(("file:", "blob:", "data:"))]
        browser.close()
    assert said == []
    assert outside == []


def serious_findings(page: Page) -> list[str]:
    """Return the serious and critical findings of axe."""
    found = Axe().run(page).response["violations"]
    return [
        f"{finding['id']}: {[node['html'][:200] for node in finding['nodes'][:3]]}"
        for finding in found
        if finding["impact"] in {"serious", "critical"}
    ]


def choose(page: Page, category: str) -> None:
    """Pick a category and wait until it is shown."""
    page.select_option("#category", label=category)
    page.wait_for_selector(f'body[data-ready="{category}"]')


def rows(page: Page) -> list[list[str]]:
    """Return the text of the cells of the stores that are shown."""
    cells = "body => [...body.rows].map(row => [...row.cells].map(cell => cell.innerText))"
    return page.locator("#stores tbody").evaluate(cells)


def count(page: Page) -> int:
    """Return how many stores the filters leave."""
    text = page.locator("#stores .dt-info").inner_text()  # 1 to 15 of 206 stores
    return int(text.partition(" of ")[2].split()[0].replace(",", "")) if " of " in text else 0


def picture(page: Page, name: str, folder: Path) -> None:
    """Keep a picture of the page, in the folder that SCREENSHOTS names or else in ``folder``."""
    target = Path(os.environ.get("SCREENSHOTS", folder))
    target.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target / f"{name}.png")
