"""How legible a page is: contrast as WCAG 2.2 defines it, of colours as a browser computes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

_LOOKS = """([selector, property]) => [...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility({ opacityProperty: true }))
  .map((one) => {
    const behind = [];
    for (let place = one; place; place = place.parentElement) behind.push(getComputedStyle(place).backgroundColor);
    return [one.getAttribute("class") || one.tagName, getComputedStyle(one)[property], behind];
  })"""


@dataclass(frozen=True)
class Look:
    """An element's classes, its colour, and the backgrounds behind it, the topmost first."""

    name: str
    ink: str
    behind: tuple[str, ...]

    @property
    def contrast(self) -> float:
        """Of the colour to what is behind it, WCAG 2.2: 1 to 21."""
        lighter, darker = sorted((_luminance(_channels(self.ink)[:3]), _luminance(self._ground)), reverse=True)
        return round((lighter + 0.05) / (darker + 0.05), 2)

    @property
    def is_on_dark(self) -> bool:
        """Whether what is behind it is dark."""
        return _luminance(self._ground) < 0.2

    @property
    def _ground(self) -> list[float]:
        """The colour that the backgrounds show together."""
        shown = [255.0, 255.0, 255.0]
        for colour in reversed(self.behind):
            *above, opacity = _channels(colour)
            shown = [opacity * new + (1 - opacity) * old for new, old in zip(above, shown, strict=True)]
        return shown


def both_schemes(page: Page) -> Iterator[str]:
    """`light`, then `dark`, once the page looks as whose browser prefers that."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "is => document.documentElement.dataset.jpThemeLight === is", arg=str(scheme == "light").lower()
        )
        yield scheme


def looks(page: Page, selector: str, colour: str = "color") -> list[Look]:
    """How each element of `selector` looks that is visible; `colour` is the property that colours it."""
    return [Look(name, ink, tuple(behind)) for name, ink, behind in page.evaluate(_LOOKS, [selector, colour])]


def below(least: float, seen: list[Look]) -> list[tuple[str, str, float]]:
    """Those with less contrast than this: class, colour, contrast."""
    return [(one.name, one.ink, one.contrast) for one in seen if one.contrast < least]


def _channels(colour: str) -> list[float]:
    """Red, green, blue (0 to 255) and opacity (0 to 1) of a computed colour."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", colour)]
    if colour.startswith("color("):
        numbers[:3] = [255 * number for number in numbers[:3]]
    return [*numbers, 1.0][:4]


def _luminance(colour: list[float]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if (c := value / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
