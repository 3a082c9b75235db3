"""Studies for an archive: small, right, and each of its own patient, so that a test spoils just what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from support.dicom import CT, Stack, write_stack

Change = Callable[[Dataset, int], None]


@dataclass(frozen=True)
class Study:
    """A study of one series.

    Its accession number and patient follow from `number`; so do its UIDs, so that a test can tell them beforehand.
    """

    number: int
    exam_code: str | None = "CTHEAD"
    date: date = date(2024, 1, 15)
    time: str = "120000"
    slices: int = 3
    sop_class: UID = CT
    syntax: UID = ExplicitVRLittleEndian
    station: str = "CT7"
    also_codes: Sequence[str] = field(default=())

    @property
    def uid(self) -> str:
        """StudyInstanceUID."""
        return str(generate_uid(entropy_srcs=["study", str(self.number)]))

    @property
    def accession(self) -> str:
        """AccessionNumber."""
        return f"ACC{self.number:05d}"

    @property
    def patient(self) -> str:
        """PatientID."""
        return f"PAT{self.number:05d}"

    def write(self, folder: Path, change: Change = lambda _data, _index: None) -> list[Path]:
        """Writes its files into `folder`; `change` may alter each data set before it is written."""

        def describe(data: Dataset, index: int) -> None:
            data.PatientID, data.PatientName = self.patient, f"Nobody^{self.number}"
            data.AccessionNumber = self.accession
            data.StudyDate = data.SeriesDate = data.AcquisitionDate = f"{self.date:%Y%m%d}"
            data.StudyTime = data.SeriesTime = data.AcquisitionTime = self.time
            data.StationName = self.station
            if self.exam_code is not None:
                data.ProcedureCodeSequence = [_code(one) for one in (self.exam_code, *self.also_codes)]
            change(data, index)

        series_uid = str(generate_uid(entropy_srcs=["series", str(self.number)]))
        stack = Stack(
            sop_class=self.sop_class,
            slices=self.slices,
            syntax=self.syntax,
            study_uid=self.uid,
            series_uid=series_uid,
        )
        return write_stack(folder, stack, describe)


def _code(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99CCDS", f"what {value} means"
    return item
