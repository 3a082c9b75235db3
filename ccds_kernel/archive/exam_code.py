"""The attribute that holds a study's exam code, and reading it from a data set.

Hospitals keep it in different places: the code of the procedure that was performed or requested, or a local convention. It is
named by keywords of DICOM, the sequences that it lies in before it, such as `ProcedureCodeSequence.CodeValue`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue


@dataclass(frozen=True)
class ExamCodeAttribute:
    """Where the exam code is.

    Args:
        keywords: DICOM's, the last one an element with text, all before it sequences.

    Raises:
        ValueError: not so.
    """

    keywords: tuple[str, ...]

    def __post_init__(self) -> None:
        kinds = [_is_sequence(keyword) for keyword in self.keywords]
        if kinds != [True] * (len(kinds) - 1) + [False]:
            raise ValueError(
                "must be DICOM keywords such as ProcedureCodeSequence.CodeValue, sequences but for the last"
            )

    @classmethod
    def parse(cls, text: str) -> ExamCodeAttribute:
        """The attribute that `text` names, keywords with dots between them."""
        return cls(tuple(text.split(".")))

    @property
    def path(self) -> str:
        """As DICOMweb's queries name it: tags with dots between them."""
        return ".".join(f"{tag_for_keyword(keyword):08X}" for keyword in self.keywords)

    def read(self, data: Dataset) -> tuple[str, ...]:
        """The exam codes that `data` has, each once, in their order; none where the attribute is absent or empty."""
        return tuple(dict.fromkeys(_values(data, self.keywords)))

    def ask(self, data: Dataset, value: str = "") -> None:
        """Puts it into a query: to be matched with `value`, or to be returned."""
        for keyword in self.keywords[:-1]:
            item = Dataset()
            setattr(data, keyword, [item])
            data = item
        setattr(data, self.keywords[-1], value)


def _is_sequence(keyword: str) -> bool | None:
    """Whether `keyword` is a sequence; None where it is no keyword."""
    tag = tag_for_keyword(keyword)
    return None if tag is None else dictionary_VR(tag) == "SQ"


def _values(data: Dataset, keywords: tuple[str, ...]) -> Iterator[str]:
    value = data.get(keywords[0])
    if value is None:
        return
    if len(keywords) > 1:
        for item in value:
            yield from _values(item, keywords[1:])
        return
    for one in value if isinstance(value, MultiValue) else (value,):
        if text := str(one).strip():
            yield text
