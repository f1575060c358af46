"""Open a report in Debian's Chromium, offline and from disk, as somebody does who got it by mail."""

import os
import shutil
from contextlib import contextmanager

import pytest

WHY_NONE = "Chromium is not installed (Debian: apt-get install chromium)"


@contextmanager
def started_browser():
    """A browser; where there is none, a test that asks for it is skipped, but on a build server it fails."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(WHY_NONE)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A report in a tab, and all that it asked for and complained about."""

    def __init__(self, tab, file):
        self.tab, self.address = tab, file.as_uri()
        self.requests, self.messages = [], []
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("console", lambda message: self.messages.append(message.text))
        tab.on("pageerror", lambda error: self.messages.append(str(error)))
        tab.on("dialog", lambda dialog: (self.messages.append(dialog.message), dialog.dismiss()))
        tab.goto(self.address)

    @property
    def foreign(self):
        """Requests for anything but the file itself and what it carries within."""
        return [url for url in self.requests if url != self.address and not url.startswith("data:image/jpeg;base64,")]

    def focused(self):
        """What the keyboard would act on, as its outer HTML up to its content."""
        return self.tab.evaluate("document.activeElement.outerHTML.split('>')[0]")


@contextmanager
def opened(browser, file, *, width=1280, height=900, dark=False, scripts=True):
    """The report in a tab of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",  # waiting for a page that scrolls smoothly takes most of a second
        java_script_enabled=scripts,
        offline=True,
    )
    context.set_default_timeout(20_000)
    try:
        yield Opened(context.new_page(), file)
    finally:
        context.close()
