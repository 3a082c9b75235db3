"""Figures: charts leave; what is hidden in a file, or looks like a scan, is found."""

import io
import zlib

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from ccds_kernel.airlock.finding import Finding, Severity, refusals
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.picture import scan_jpeg, scan_png, scan_svg
from support.airlock import REPORTS, SECRET, SVG, chunk, jpeg, png, segment

KNOWN = KnownTexts(REPORTS.values(), REPORTS)


def chart(form: str) -> bytes:
    """A chart as a scientist draws it."""
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 1])
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "1"}):
        figure.savefig(out, format=form)
    return out.getvalue()


def whats(found: list[Finding]) -> list[str]:
    """What was found."""
    return [finding.what for finding in found]


def test_matplotlib_s_charts_leave():
    """PNG without a word; an SVG says on which day it was drawn; JPEG."""
    assert scan_png(chart("png"), "a.png", KNOWN) == []
    assert refusals(scan_svg(chart("svg"), "a.svg", KNOWN)) == ()
    assert scan_jpeg(chart("jpg"), "a.jpg", KNOWN) == []


@pytest.mark.parametrize(
    ("content", "what", "severity"),
    [
        (png(colour=0), "a picture in grey only", Severity.WARN), (png(colour=4), "a picture in grey only", Severity.WARN),
        (png(colour=0, depth=16), "a picture of more than 8 bits", Severity.REFUSE),
        (png(128, 128), "a picture of 128 × 128 pixels", Severity.WARN), (png(0, 5), "a picture of no size", Severity.REFUSE),
        (png(extra=chunk(b"eXIf", b"x")), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"ccDS", b"x")), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"tEXt", b"Comment\0" + SECRET.encode())), "8 or more words", Severity.REFUSE),
        (png(extra=chunk(b"zTXt", b"C\0\0" + zlib.compress(SECRET.encode()))), "8 or more words", Severity.REFUSE),
        (png(extra=chunk(b"iTXt", b"C\0\x01\0en\0\0" + zlib.compress(SECRET.encode()))), "8 or more words", Severity.REFUSE),
        (png(extra=chunk(b"iTXt", b"C\0\0\0en\0\0" + SECRET.encode())), "8 or more words", Severity.REFUSE),
        (png(extra=chunk(b"bKGD", b"\x1f\x8b" + bytes(500))), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"tIME", bytes(8))), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"PLTE", bytes(771))), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"pHYs", bytes(9)) * 2), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"tEXt", b"Comment\0\x1f\x8b\x08\x00" + bytes(9))), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"tEXt", b"Comment\0" + b"long " * 1000)), "hidden data", Severity.REFUSE),
        (png(extra=chunk(b"iTXt", b"C\0\0\0" + SECRET.encode() + b"\0\0x")), "8 or more words", Severity.REFUSE),
        (png(extra=chunk(b"zTXt", b"C\0\0" + zlib.compress(b"x") + b"more")), "no whole PNG", Severity.REFUSE),
        (png(extra=chunk(b"tEXt", b"Comment\0" + b"long " * 50)), "words hidden in the file", Severity.WARN),
        (png(extra=chunk(b"zTXt", b"C\0\0" + zlib.compress(bytes(2**22)))), "no whole PNG", Severity.REFUSE),
        (png(behind=b"hidden"), "hidden data beside the pixels", Severity.REFUSE),
        (png(more_pixels=bytes(999)), "hidden data beside the pixels", Severity.REFUSE),
        (png(interlaced=True), "an interlaced PNG", Severity.REFUSE),
        (png() + b"more", "no whole PNG", Severity.REFUSE), (png() + png(), "no whole PNG", Severity.REFUSE),
        (png()[:-1], "no whole PNG", Severity.REFUSE), (b"", "no whole PNG", Severity.REFUSE),
        (png().replace(b"IDAT", b"IDAX"), "no whole PNG", Severity.REFUSE),
    ],
)  # fmt: skip
def test_what_is_unusual_in_a_png_is_found(content, what, severity):
    """Grey, deep, small; words and data beside the picture; anything behind its end."""
    assert [(one.what.startswith(what), one.severity) for one in scan_png(content, "a.png", KNOWN)] == [
        (True, severity)
    ]


@pytest.mark.parametrize(
    ("content", "what", "severity"),
    [
        (jpeg(mode="L"), "a picture in grey only", Severity.WARN),
        (jpeg(extra=segment(0xE1, b"Exif\0\0xx")), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xED, b"Photoshop")), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xE0, b"JFXX\0" + bytes(500))), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xE2, b"ICC_PROFILE\0" + bytes(500))), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xFE, SECRET.encode())), "8 or more words", Severity.REFUSE),
        (jpeg(extra=segment(0xFE, bytes(4096))), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xF0, b"\x1f\x8b")), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xDB, bytes(65))), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xDB, b"\x80" + bytes(64))), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xC4, b"\x04\1" + bytes(16))), "no whole JPEG", Severity.REFUSE),
        (jpeg(extra=segment(0xC4, b"\x03\3" + bytes(18))), "no whole JPEG", Severity.REFUSE),
        (jpeg(extra=segment(0xDD, b"\0\7hidden")), "no whole JPEG", Severity.REFUSE),
        (jpeg(extra=segment(0xCC, bytes(9))), "hidden data", Severity.REFUSE),
        (jpeg(extra=segment(0xE0, b"JFIF\0" + bytes(9))), "hidden data", Severity.REFUSE),
        (jpeg(inside=b"\x1f\x8b"), "hidden data beside the pixels", Severity.REFUSE),
        (jpeg(inside=b"\xff\x00"), "hidden data beside the pixels", Severity.REFUSE),
        (jpeg(inside=b"\xff\xd0\xff\x00"), "hidden data beside the pixels", Severity.REFUSE),
        (jpeg(inside=b"\xff"), "no whole JPEG", Severity.REFUSE),
        (jpeg(restart_marker_blocks=9).replace(b"\xff\xd1", b"\xff\xd2", 1), "no whole JPEG", Severity.REFUSE),
        (jpeg(restart_marker_blocks=9).replace(b"\xff\xd1", b"hide\xff\xd1"), "hidden data beside the pixels", Severity.REFUSE),
        (jpeg(progressive=True), "a JPEG whose pixels can't be counted", Severity.REFUSE),
        (jpeg(behind=b"DICM"), "no whole JPEG", Severity.REFUSE), (jpeg()[:-2], "no whole JPEG", Severity.REFUSE),
        (b"\xff\xd8\xff", "no whole JPEG", Severity.REFUSE), (b"", "no whole JPEG", Severity.REFUSE),
    ],
)  # fmt: skip
def test_what_is_unusual_in_a_jpeg_is_found(content, what, severity):
    """As in a PNG."""
    assert scan_jpeg(jpeg(), "a.jpg", KNOWN) == []
    assert [(one.what.startswith(what), one.severity) for one in scan_jpeg(content, "a.jpg", KNOWN)] == [
        (True, severity)
    ]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "options", [{}, {"optimize": True}, {"subsampling": 0}, {"subsampling": 2}, {"restart_marker_blocks": 5}]
)
@given(
    content=st.binary(min_size=1, max_size=64),
    side=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    quality=st.integers(1, 95),
)
def test_the_pixels_of_any_jpeg_are_counted(mode, options, content, side, quality):
    """Of whatever size, with whichever tables: those that a library writes are whole, and one byte more is found."""
    picture, out = Image.effect_noise(side, 90).convert(mode), io.BytesIO()
    picture.save(out, "JPEG", quality=quality, **options)
    whole = out.getvalue()

    assert refusals(scan_jpeg(whole, "a.jpg", KNOWN)) == ()
    assert refusals(scan_jpeg(whole[:-2] + content + whole[-2:], "a.jpg", KNOWN))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>", '<image href="data:image/png;base64,AAAA"/>', '<rect onload="alert(1)"/>',
        "<foreignObject><p/></foreignObject>", '<use href="other.svg#a"/>', '<h:script xmlns:h="http://www.w3.org/1999/xhtml"/>',
        '<use xmlns:x="http://www.w3.org/1999/xlink" x:href="http://host/a"/>', "<style>@import 'a.css';</style>",
        '<rect style="fill: url(http://host/a)"/>', f"<text>{SECRET}</text>", f"<!-- {SECRET} -->", f'<rect id="{SECRET}"/>',
        "<animate/>", "<text>ACC0012345</text>",
    ],
)  # fmt: skip
def test_an_svg_is_shapes_and_words(inside):
    """No script, picture, style from elsewhere, handler or other language; no report's words, drawn or hidden."""
    found = scan_svg(SVG.replace("<rect", f"{inside}<rect", 1).encode(), "a.svg", KNOWN)

    assert refusals(scan_svg(SVG.encode(), "a.svg", KNOWN)) == ()
    assert refusals(found)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<svg", b"<html/>", b"\xff\xfe", b"<svg/>",
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<!DOCTYPE svg SYSTEM "file:///etc/passwd" [<!ENTITY a SYSTEM "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
    ],
)  # fmt: skip
def test_what_is_no_svg_is_refused(content):
    """Entities, with which a few bytes become gigabytes or another file, included."""
    assert len(refusals(scan_svg(content, "a.svg", KNOWN))) == 1


@given(st.binary(max_size=64), st.integers(0, 60))
def test_broken_pictures_are_refused_and_break_nothing(junk, at):
    """Bytes in the place of others: found, or as good as before."""
    for scan, content in ((scan_png, png()), (scan_jpeg, jpeg()), (scan_svg, SVG.encode())):
        scan(content[:at] + junk + content[at + len(junk) :], "a", KNOWN)
        assert refusals(scan(junk, "a", KNOWN))
