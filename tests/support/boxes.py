"""Whether all of a page can be got at: no control and no text lies beyond the page, or beyond what cuts it off.

A page's own width doesn't tell: an app that hides what flows over is never wider than the window.
"""

from playwright.sync_api import Page

_CUT_OFF = """(root) => [...document.querySelectorAll(`${root} :is(button, input, select, textarea, h2, h3, p, dt, dd, table)`)]
  .filter((one) => one.checkVisibility({ opacityProperty: true }))
  .filter((one) => {
    let { left, right, width, height } = one.getBoundingClientRect();
    if (width <= 1 || height <= 1) return false; // for readers aloud only
    for (let place = one.parentElement; place; place = place.parentElement) {
      const { overflowX } = getComputedStyle(place);
      if (overflowX === "visible") continue;
      const edge = place.getBoundingClientRect();
      if (overflowX === "auto" || overflowX === "scroll") [left, right] = [edge.left, edge.right];
      else if (left < edge.left - 1 || right > edge.right + 1) return true;
    }
    return left < -1 || right > innerWidth + 1;
  })
  .map((one) => `${one.localName}: ${one.ariaLabel || one.textContent.slice(0, 40)}`)"""


def cut_off(page: Page, root: str = ".ccds") -> list[str]:
    """The controls and texts in `root` of which a part can't be seen, also not by scrolling what they lie in."""
    found: list[str] = page.evaluate(_CUT_OFF, root)
    return found
