"""A message's fields, against python-hl7, which takes messages apart by itself."""

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.incoming.hl7_message import parse
from support.messages import obr, obx, oru


def by_hl7(raw: bytes) -> dict[str, list[list[str]]]:
    """The fields of the segments that are read, as python-hl7 finds them; it leaves out line ends at the end."""
    found: dict[str, list[list[str]]] = {}
    for segment in hl7.parse(raw.decode().strip("\r")):
        name = str(segment[0])
        if name in {"MSH", "OBR", "OBX"}:
            found.setdefault(name, []).append([str(field) for field in segment])
    return found


def by_us(raw: bytes) -> dict[str, list[list[str]]]:
    """The same, as they are found here."""
    found: dict[str, list[list[str]]] = {}
    for segment in parse(raw.strip(b"\r").split(b"\r"), "utf-8").segments:
        found.setdefault(segment.name, []).append(list(segment.fields))
    return found


# python-hl7 takes white space off both ends of a message
words = st.text(st.sampled_from("ab ^&~\\."), max_size=8).map(lambda word: f"x{word}x")


@given(st.lists(st.tuples(words, words), max_size=4))
def test_fields_are_those_of_python_hl7(pairs):
    """Every field of every segment has the same number and the same characters."""
    raw = oru(obr(), *(obx(text, code) for text, code in pairs))

    assert by_us(raw) == by_hl7(raw)


@pytest.mark.parametrize(
    ("number", "component", "value"), [(9, 1, "ORU"), (9, 2, "R01"), (12, 1, "2.5.1"), (12, 2, ""), (99, 1, "")]
)
def test_a_component_is_found_by_hl7_s_numbers(number, component, value):
    """MSH-1 is the separator itself; what isn't there is empty."""
    message = parse(oru(obr()).strip(b"\r").split(b"\r"), "utf-8")

    assert message.component(message.segments[0].field(number), component) == value
