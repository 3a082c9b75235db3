"""A real Chromium, and what tests do in it: drag over words, and keep account of where its pages ask."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from support.components import need_program
from support.waiting import PATIENCE

HOW = "apt-get install chromium"
_LONGEST_MS = 30_000
"""Playwright's own limit, for what isn't expected but done: opening a page, a click."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WEBGL = (
    *(one for one in ARGUMENTS if one != "--disable-gpu"),
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
"""With graphics in three dimensions, worked out by the processor."""

_ENDS_OF_WORDS = """([section, words]) => {
  const element = document.querySelector(`[data-section="${section}"]`);
  const begin = element.textContent.indexOf(words);
  if (begin < 0) throw new Error("these words aren't there");
  const range = document.createRange();
  const place = (offset) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(), before = 0; node; before += node.data.length, node = walker.nextNode())
      if (offset <= before + node.data.length) return [node, offset - before];
  };
  const signs = [...new Intl.Segmenter().segment(words)].map(({ segment }) => segment);
  const isToLeft = (sign) => /[\\p{Script=Hebrew}\\p{Script=Arabic}]/u.test(sign);
  const boxOf = (from, to) => {
    range.setStart(...place(from));
    range.setEnd(...place(to));
    return [...range.getClientRects()].at(-1);
  };
  const within = (sign, box, share) => [box.left + (isToLeft(sign) ? 1 - share : share) * box.width, box.top + box.height / 2];
  const first = boxOf(begin, begin + signs[0].length);
  const last = boxOf(begin + words.length - signs.at(-1).length, begin + words.length);
  // Where a word runs the other way than its neighbour a browser takes the one's end for the other's: a part of a word will do.
  return [
    ...within(signs[0], first, /^[\\p{L}\\p{N}]{2}/u.test(words) ? 0.75 : 0.1),
    ...within(signs.at(-1), last, /[\\p{L}\\p{N}]{2}$/u.test(words) ? 0.25 : 0.9),
  ];
}"""


@contextmanager
def chromium(arguments: Sequence[str] = ARGUMENTS) -> Iterator[Browser]:
    """A running Chromium, whose pages may take as long as a kernel on a busy machine; skips the test where there is none."""
    program = need_program("chromium", HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(arguments))
        browser.on("context", lambda context: context.set_default_timeout(_LONGEST_MS * PATIENCE))
        yield browser
        browser.close()


@contextmanager
def page_of_scripts(browser: Browser, scripts: str) -> Iterator[Page]:
    """An empty page on an origin of its own, which runs `scripts` and is closed in the end."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("http://page.test/")
    page.add_script_tag(content=scripts)
    yield page
    page.close()


def hosts_asked(page: Page) -> set[str]:
    """The hosts that `page` asks from now on, websockets included; the set grows while it does."""
    hosts: set[str] = set()

    def note(url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"data", "blob"}:
            hosts.add(address.netloc)

    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: note(socket.url))
    return hosts


def drag_over(page: Page, words: str, *, section: int = 0) -> None:
    """Selects `words` in a report's section with the mouse, from within the first character to within the last: whole words."""
    left, top, right, bottom = page.evaluate(_ENDS_OF_WORDS, [section, words])
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move((left + right) / 2, (top + bottom) / 2)
    page.mouse.move(right, bottom)
    page.mouse.up()


def log_in(page: Page, url: str, person: str, password: str) -> None:
    """Logs in at the hub at `url` as a person would; the page then shows their home page."""
    page.goto(f"{url}/hub/login")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}/hub/home")
