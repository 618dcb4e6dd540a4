"""The API page of each service as a person meets it: every entry opens, nothing is in anyone's way."""

import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from shared.http.app import create_app
from shared.http.connection import LISTENING
from shared.runtime.settings import Settings

SERVICES = ("trials", "regulatory", "safety", "retrieval")


@pytest.fixture(scope="module", params=SERVICES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service's routes over HTTP; the page needs neither its database nor its broker."""
    service = import_module(f"services.{request.param}.handlers").SERVICE
    queries = import_module(f"services.{request.param}.api").router
    settings = Settings(dsn_file=tmp_path_factory.mktemp("dsn") / "none", kafka="127.0.0.1:9")
    app = create_app(service, queries, settings)
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", **LISTENING))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def violations(page: Page) -> list[Any]:
    """What axe-core finds of WCAG 2.2, levels A and AA, and of its own best practices."""
    return [(v["id"], v["nodes"][0]["html"]) for v in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_api_page_is_accessible_with_every_entry_open(url: str, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{url}/docs")
    assert violations(page) == []
    page.evaluate("document.querySelectorAll('details').forEach(entry => entry.open = true)")
    assert violations(page) == []


def test_the_api_page_loads_nothing_from_elsewhere_and_works_by_keyboard(
    url: str, page: Page, tmp_path: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/docs")
    entry = page.locator("details").first
    entry.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(entry).to_have_attribute("open", "")
    assert {address.rpartition("/")[2] for address in asked} <= {"docs", "favicon.ico"}
    assert all(address.startswith(url) for address in asked)
    page.screenshot(path=tmp_path / "docs.png", full_page=True)


def test_the_api_page_fits_a_narrow_screen(url: str, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{url}/docs")
    page.evaluate("document.querySelectorAll('details').forEach(entry => entry.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
