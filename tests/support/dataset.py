"""Studies for tests of the dataset: reports, volumes, and DICOM files that say whose they are."""

from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Verdict
from ccds_kernel.imaging.verdict import Status
from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from support.image_studies import RULES
from support.training import write_volume

PHRASES = "phrase,label\nno hemorrhage,absent\nhemorrhage,present\nmotion,unclear\n"


def write_header(path: Path, patient_id: str | None) -> None:
    """A DICOM file that says no more than a patient's id, or not even that."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data.Modality = "CT"
    if patient_id is not None:
        data.PatientID = patient_id
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, data, enforce_file_format=True)


def rule_and_accept_all_but(project: Project, study: str) -> None:
    """The project keeps rules, and there is a verdict that accepts each study's `series-0` but that of one study."""
    ImageStudies(project).keep_rules(RULES)
    facts = SeriesFacts("series-0", 1, "CT", "axial", 1.0, "", contrast=False, images=16, scanner="S")
    with project.store.writing() as connection:
        for key in {path.name for path in (project.folder / "dicom").iterdir()} - {study}:
            rows.replace_verdicts(connection, key, [Verdict(facts, Status.ACCEPTED, None, 16)], project.person)


@dataclass(frozen=True)
class Hospital:
    """The project HEAD-1, and studies for it."""

    project: Project
    repository: LabelingRepository
    phrases: Path

    def add(self, text: str, patient: str | None, *shapes: tuple[int, ...], label: int = 0) -> str:
        """A study with a report and, where shapes are given, volumes; returns its study key. See `write_volume` for the label."""
        number = len(self.repository.reports())
        self.repository.load_reports([Report(f"ACC{number}", (Section("text", text),))])
        key = self.repository.reports()[number].study_key
        for series, shape in enumerate(shapes):
            place = self.project.folder / "nifti" / key / f"series-{series}.nii.gz"
            write_volume(place, label=label, seed=number, shape=shape)
        if shapes:
            write_header(self.project.folder / "dicom" / key / "series-0" / "1.dcm", patient)
        return key
