"""Pictures: charts may leave, images of patients may not. A program can't tell one from the other; it tells what is unusual in a
chart: grey only, sixteen bits, words hidden in the file, bytes behind its end.
"""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator, Mapping

from ccds_kernel.airlock.finding import Finding, refusals, refuse, warn
from ccds_kernel.airlock.scan.jpeg import MOST_PIXELS, BadJpegError, read_jpeg
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.text import decoded, scan_text, scan_words

FEWEST_PIXELS = 40_000
"""Fewer are 200 × 200: a chart is larger, a crop of a scan isn't."""

_PNG = b"\x89PNG\r\n\x1a\n"
_ONCE: Mapping[bytes, frozenset[int]] = {
    b"IHDR": frozenset({13}), b"PLTE": frozenset(range(3, 769, 3)), b"tRNS": frozenset(range(1, 257)), b"gAMA": frozenset({4}),
    b"cHRM": frozenset({32}), b"sRGB": frozenset({1}), b"sBIT": frozenset({1, 2, 3, 4}), b"bKGD": frozenset({1, 2, 6}),
    b"pHYs": frozenset({9}), b"tIME": frozenset({7}), b"IEND": frozenset({0}),
}  # fmt: skip
"""What a chart's PNG says of itself, each at most once → the bytes that it takes."""

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""A PNG's type of colour → numbers of each pixel."""

_GREY = (0, 4)
_DEEP = 16
_PLAIN_DEPTH = 8
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = frozenset(
    {
        "svg", "g", "defs", "title", "desc", "metadata", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
        "text", "tspan", "textPath", "use", "symbol", "marker", "clipPath", "mask", "pattern", "linearGradient",
        "radialGradient", "stop", "style",
    }
)  # fmt: skip
_TOLD = (
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://creativecommons.org/ns#}", "{http://purl.org/dc/elements/1.1/}",
)  # fmt: skip
"""Where drawing libraries say who they are."""

_NUMBERS: Mapping[str, re.Pattern[str]] = {
    "d": re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE.,+\s-]*"), "points": re.compile(r"[0-9eE.,+\s-]*"),
}  # fmt: skip
"""Attributes that draw lines → what may stand in them."""

_FETCHED = re.compile(r"@import|url\s*\((?!\s*[\"']?#)", re.IGNORECASE)


class _BadError(ValueError):
    """The file is no picture of its kind."""


def scan_png(content: bytes, file: str, known: KnownTexts) -> list[Finding]:
    """What is found in a PNG."""
    found: list[Finding] = []
    words: list[bytes] = []
    size, wanted = (0, 0), 0
    pixels = []
    seen: set[bytes] = set()
    try:
        for kind, data in _chunks(content):
            if kind in _ONCE and (kind in seen or len(data) not in _ONCE[kind]):
                found.append(refuse("hidden data beside the picture", file))
            seen.add(kind)
            if kind == b"IHDR":
                width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data)
                size = (width, height)
                wanted = height * (1 + (width * depth * _SAMPLES[colour] + 7) // 8)
                found += [refuse("an interlaced PNG, whose pixels can't be counted", file)] if interlaced else []
                found += _grey(colour in _GREY, depth == _DEEP, file)
            elif kind == b"IDAT":
                pixels.append(data)
            elif kind in (b"tEXt", b"zTXt", b"iTXt"):
                words.append(_png_words(kind, data))
            elif kind not in _ONCE:
                found.append(refuse("hidden data beside the picture", file))
        if not refusals(found) and size[0] * size[1] <= MOST_PIXELS and not _is_just(b"".join(pixels), wanted):
            found.append(refuse("hidden data beside the pixels", file))
    except (_BadError, struct.error, zlib.error, KeyError):
        return [refuse("no whole PNG, or bytes behind its end", file)]
    return found + _area(*size, file) + _hidden_words(words, file, known)


def scan_jpeg(content: bytes, file: str, known: KnownTexts) -> list[Finding]:
    """What is found in a JPEG."""
    try:
        jpeg = read_jpeg(content)
    except BadJpegError as error:
        return [refuse(str(error), file)]
    grey = _grey(len(jpeg.components) == 1, jpeg.depth > _PLAIN_DEPTH, file)
    return grey + _area(jpeg.width, jpeg.height, file) + _hidden_words(jpeg.words, file, known)


def scan_svg(content: bytes, file: str, known: KnownTexts) -> list[Finding]:
    """What is found in an SVG."""
    text = decoded(content, file)
    if isinstance(text, Finding):
        return [text]
    without_doctype = re.sub(r"<!DOCTYPE svg[^\[>]*>", "", text, count=1)  # as drawing libraries write it
    if "<!DOCTYPE" in without_doctype or "<!ENTITY" in without_doctype:
        return [refuse("an SVG that declares entities", file)]
    try:
        root = ET.fromstring(without_doctype)  # noqa: S314 - it declares no entities: see above
    except ET.ParseError:
        return [refuse("no SVG", file)]
    if root.tag != f"{_SVG}svg":
        return [refuse("no SVG", file)]
    found = [refuse("an SVG that refers to something else", file)] if _FETCHED.search(without_doctype) else []
    found += [refuse(what, file) for element in root.iter() for what in _beyond_a_chart(element)]
    told = [value for element in root.iter() for key, value in element.attrib.items() if key not in _NUMBERS]
    # What is drawn and told is looked at whole, also as letters that are placed one by one; of the numbers of the drawing only
    # what may not leave at all.
    words = "\n".join(part.strip() for part in root.itertext() if part.strip())
    found += refusals(scan_text(without_doctype, file, known, drawing=True))
    found += scan_text(words, file, known, place=lambda _: "its words")
    found += scan_words(["".join(root.itertext()), *told], file, known, found)
    return list(dict.fromkeys(found))


def _beyond_a_chart(element: ET.Element) -> Iterator[str]:
    """What an element of an SVG has that a chart's has not."""
    name = str(element.tag).removeprefix(_SVG)
    if name not in _DRAWN and not name.startswith(_TOLD):
        yield "an SVG with more than shapes and words in it, such as a picture or a script"
    for key, value in element.attrib.items():
        local = key.rpartition("}")[2].lower()
        if local.startswith("on") or (local in {"href", "src"} and not value.startswith("#")):
            yield "an SVG that refers to something else"
        if key in _NUMBERS and not _NUMBERS[key].fullmatch(value):
            yield "a drawing with more than lines and numbers"
    if "\\" in "".join([*element.attrib.values(), (element.text or "") if name == "style" else ""]):
        yield "an SVG with escapes in its style"


def _grey(is_grey: bool, is_deep: bool, file: str) -> list[Finding]:
    if is_deep:
        return [refuse("a picture of more than 8 bits, as scans are and charts aren't", file)]
    return [warn("a picture in grey only: is it a chart, or a scan?", file)] if is_grey else []


def _area(width: int, height: int, file: str) -> list[Finding]:
    if not 0 < width * height <= MOST_PIXELS:
        return [refuse(f"a picture of no size, or of more than {MOST_PIXELS:,} pixels", file)]
    if width * height < FEWEST_PIXELS:
        return [warn(f"a picture of {width} × {height} pixels: is it a chart, or a part of a scan?", file)]
    return []


def _hidden_words(words: list[bytes], file: str, known: KnownTexts) -> list[Finding]:
    if not words:
        return []
    text = decoded(b"\n".join(words), file)
    if isinstance(text, Finding) or len(text) > _MOST_HIDDEN:
        return [refuse("hidden data beside the picture", file)]
    found = scan_text(text, file, known, place=lambda _: "words hidden in the file")
    return found or ([warn("words hidden in the file", file)] if len(text) > _MANY_HIDDEN else [])


_MANY_HIDDEN = 200
"""Characters: the name of the program that drew it is less."""

_MOST_HIDDEN = 4096


def _png_words(kind: bytes, data: bytes) -> bytes:
    name, _, rest = data.partition(b"\0")
    if kind == b"zTXt":
        rest = _inflated(rest[1:])
    elif kind == b"iTXt":
        compressed = rest[:1] == b"\x01"
        language, _, rest = rest[2:].partition(b"\0")
        translated, _, rest = rest.partition(b"\0")
        rest = b" ".join([language, translated, _inflated(rest) if compressed else rest])
    return name + b" " + rest


def _is_just(compressed: bytes, wanted: int) -> bool:
    """Whether `compressed` is `wanted` bytes, and nothing stands behind them."""
    inflate = zlib.decompressobj()
    return len(inflate.decompress(compressed, wanted + 1)) == wanted and inflate.eof and not inflate.unused_data


def _inflated(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    text = inflate.decompress(data, 2**20)
    if not inflate.eof or inflate.unused_data:
        raise _BadError
    return text


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, to its very end."""
    if not content.startswith(_PNG):
        raise _BadError
    at, kind = len(_PNG), b""
    while at < len(content):
        if kind == b"IEND":
            raise _BadError
        (size,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", content[at + 8 + size : at + 12 + size])
        if zlib.crc32(kind + data) != check or (kind == b"IHDR") != (at == len(_PNG)):
            raise _BadError
        yield kind, data
        at += 12 + size
    if kind != b"IEND":
        raise _BadError
