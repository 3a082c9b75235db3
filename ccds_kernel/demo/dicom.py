"""Synthetic series as DICOM files: CT images, explicit VR little endian, one file per slice.

Whatever could be a person's is obviously synthetic. The files depend on the seed alone, not on the clock nor on pydicom's
version.
"""

from __future__ import annotations

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import FileDataset, dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from ccds_kernel.demo.volumes import SyntheticSeries
from ccds_kernel.errors import CcdsError

IMPLEMENTATION_UID = "2.25.296018741219537514226338212047384919263"
PROCEDURES = {"CTHEAD": "CT head without contrast", "CTHEADC": "CT head with contrast"}


def write_series(series: SyntheticSeries, folder: Path) -> list[Path]:
    """Writes `IM0001.dcm` and on into the new folder `folder`; it appears complete or not at all.

    Returns:
        The files, in the order of the instance numbers.

    Raises:
        CcdsError: the folder is there already.
    """
    if folder.exists():
        raise CcdsError(
            expected="a folder that isn't there yet", found=f"one named {folder.name}", do="choose another or remove it"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".series-", dir=folder.parent))
    try:
        unfinished.chmod(0o755)
        names = _write_slices(series, unfinished)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return [folder / name for name in names]


def _write_slices(series: SyntheticSeries, folder: Path) -> list[str]:
    # One dataset, changed from slice to slice, its other elements as bytes already: making each anew takes most of the time.
    dataset, names = _common(series), []
    _describe_slice(dataset, series, 0)
    dataset = _encoded(dataset)
    for index in range(len(series.hu)):
        _describe_slice(dataset, series, index)
        names.append(f"IM{index + 1:04d}.dcm")
        with (folder / names[-1]).open("wb") as file:
            dcmwrite(file, dataset, enforce_file_format=True)
    return names


def _encoded(dataset: FileDataset) -> FileDataset:
    """The same, with values that are written as they are."""
    file = BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    file.seek(0)
    return dcmread(file)


def _common(series: SyntheticSeries) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = "CCDS_DEMO"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _describe_patient_and_study(dataset, series)
    _describe_series(dataset, series)
    _describe_image(dataset, series)
    return dataset


def _describe_patient_and_study(dataset: Dataset, series: SyntheticSeries) -> None:
    case = series.case
    dataset.PatientName = "Demo^Synthetic"
    dataset.PatientID = case.patient
    dataset.PatientBirthDate = ""
    dataset.PatientSex = case.sex
    dataset.PatientAge = f"{case.age:03d}Y"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Synthetic: no person was imaged"
    dataset.StudyInstanceUID = series.uid("study")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = case.study_date.strftime(
        "%Y%m%d"
    )
    clock = case.study_time.strftime("%H%M%S")
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = clock
    dataset.AccessionNumber = case.accession
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = f"{case.number + 1}"
    dataset.StudyDescription = PROCEDURES[case.exam_code]
    code = Dataset()
    code.CodeValue = case.exam_code
    code.CodingSchemeDesignator = "99DEMO"
    code.CodeMeaning = PROCEDURES[case.exam_code]
    dataset.ProcedureCodeSequence = [code]


def _describe_series(dataset: Dataset, series: SyntheticSeries) -> None:
    scanner = series.scanner
    dataset.Modality = "CT"
    dataset.SeriesInstanceUID = series.uid("series")
    dataset.SeriesNumber = 2
    dataset.SeriesDescription = f"Head {scanner.slice_mm:g} mm {scanner.kernel}"
    dataset.ProtocolName = "Head routine"
    dataset.BodyPartExamined = "HEAD"
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = series.uid("frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = scanner.manufacturer
    dataset.ManufacturerModelName = scanner.model
    dataset.SoftwareVersions = scanner.software_on(series.case.study_date)
    dataset.StationName = scanner.station
    dataset.DeviceSerialNumber = scanner.station
    dataset.InstitutionName = "Synthetic Demo Hospital"
    dataset.ConvolutionKernel = scanner.kernel
    dataset.KVP = str(scanner.kvp)
    dataset.SliceThickness = f"{scanner.slice_mm:g}"
    dataset.SpacingBetweenSlices = f"{scanner.slice_mm:g}"
    dataset.GantryDetectorTilt = "0"
    if series.case.contrast:
        dataset.ContrastBolusAgent = "Synthetic contrast"


def _describe_image(dataset: Dataset, series: SyntheticSeries) -> None:
    scanner = series.scanner
    dataset.SOPClassUID = CTImageStorage
    # A tilted stack is a reformat of the scan, and says so.
    made = ["DERIVED", "SECONDARY", "AXIAL", "MPR"] if scanner.angle_deg else ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImageType = made
    dataset.AcquisitionNumber = 1
    dataset.ImageOrientationPatient = [f"{value:.8f}" for value in (*series.row, *series.column)]
    dataset.PixelSpacing = [f"{scanner.pixel_mm:g}"] * 2
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = series.hu.shape[1:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = str(scanner.intercept), "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = "40", "80"


def _describe_slice(dataset: FileDataset, series: SyntheticSeries, index: int) -> None:
    position, normal = series.positions[index], np.cross(series.row, series.column)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(series.uid("instance", index + 1))
    dataset.InstanceNumber = index + 1
    dataset.ImagePositionPatient = [f"{value:.6f}" for value in position]
    dataset.SliceLocation = f"{position @ normal:.4f}"
    stored = series.hu[index].astype(np.int32) - series.scanner.intercept
    dataset.PixelData = stored.astype("<i2").tobytes()
