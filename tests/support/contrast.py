"""How legible text is: contrast as WCAG 2.2 defines it, of colours as a browser computes them."""

import re


def channels(colour: str) -> list[float]:
    """Red, green, blue (0 to 255) and opacity (0 to 1) of a computed colour."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", colour)]
    if colour.startswith("color("):
        numbers[:3] = [255 * number for number in numbers[:3]]
    return [*numbers, 1.0][:4]


def over(behind: list[str]) -> list[float]:
    """The colour that a stack of backgrounds, the topmost first, shows."""
    shown = [255.0, 255.0, 255.0]
    for colour in reversed(behind):
        *above, opacity = channels(colour)
        shown = [opacity * new + (1 - opacity) * old for new, old in zip(above, shown, strict=True)]
    return shown


def luminance(colour: list[float]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if (c := value / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, behind: list[str]) -> float:
    """Contrast of a text's colour to the backgrounds behind it, WCAG 2.2: 1 to 21."""
    lighter, darker = sorted((luminance(channels(ink)[:3]), luminance(over(behind))), reverse=True)
    return round((lighter + 0.05) / (darker + 0.05), 2)
