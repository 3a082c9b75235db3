"""Writes small DICOM series that are right, so that a test spoils just what it is about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

CT = UID("1.2.840.10008.5.1.4.1.1.2")
MR = UID("1.2.840.10008.5.1.4.1.1.4")
PET = UID("1.2.840.10008.5.1.4.1.1.128")
ENHANCED_MR = UID("1.2.840.10008.5.1.4.1.1.4.1")
SECONDARY_CAPTURE = UID("1.2.840.10008.5.1.4.1.1.7")
SR = UID("1.2.840.10008.5.1.4.1.1.88.11")
RADIOGRAPH = UID("1.2.840.10008.5.1.4.1.1.1.1")

_MODALITY = {CT: "CT", MR: "MR", PET: "PT", ENHANCED_MR: "MR", SECONDARY_CAPTURE: "OT", SR: "SR", RADIOGRAPH: "DX"}

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)

Change = Callable[[Dataset, int], None]


@dataclass(frozen=True)
class Stack:
    """A series to write: `slices` images of `rows` x `columns`, `distance` mm apart along their normal.

    Pixels are noise of a fixed seed, so that no two slices are alike and no turned slice looks like itself.
    """

    sop_class: UID = CT
    slices: int = 5
    rows: int = 12
    columns: int = 10
    orientation: Sequence[float] = AXIAL
    origin: Sequence[float] = (-120.5, -80.25, 33.75)
    spacing: tuple[float, float] = (0.8, 0.6)
    distance: float = 2.5
    slope: float = 1.0
    intercept: float = -1024.0
    low: int = 0
    high: int = 4095
    dtype: str = "<u2"
    image_type: Sequence[str] = ("ORIGINAL", "PRIMARY", "AXIAL")
    syntax: UID = ExplicitVRLittleEndian
    series_uid: str = field(default_factory=generate_uid)
    study_uid: str = field(default_factory=generate_uid)

    def normal(self) -> np.ndarray:
        """The direction in which the slices are stacked, LPS."""
        return np.cross(self.orientation[:3], self.orientation[3:])

    def position(self, index: float) -> list[float]:
        """The centre of the first pixel of slice `index`, LPS, mm."""
        return [float(value) for value in np.array(self.origin) + index * self.distance * self.normal()]

    def stored(self) -> np.ndarray:
        """The stored values, (slices, rows, columns)."""
        numbers = np.random.default_rng(7).integers(self.low, self.high + 1, (self.slices, self.rows, self.columns))
        return numbers.astype(self.dtype)

    def real(self) -> np.ndarray:
        """The real values in NIfTI's order as a reader of affines expects them: (columns, rows, slices), DICOM's directions."""
        return (self.stored() * self.slope + self.intercept).transpose(2, 1, 0)

    def affine(self) -> np.ndarray:
        """From (column, row, slice) to RAS, mm: the textbook's arithmetic, nothing of the converter's."""
        row, column = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        lps = np.eye(4)
        lps[:3, 0] = row * self.spacing[1]
        lps[:3, 1] = column * self.spacing[0]
        lps[:3, 2] = self.normal() * self.distance
        lps[:3, 3] = self.origin
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps


def read_where_dicom_says(path: Path, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The real values of a NIfTI image at the places that `affine` gives to indices of an array of `shape`.

    Raises:
        AssertionError: those places are not the image's voxels, or it has others beside them.
    """
    image = nib.load(path)
    indices = np.indices(shape).reshape(3, -1)
    voxels = nib.affines.apply_affine(np.linalg.inv(image.affine) @ affine, indices.T)
    nearest = np.rint(voxels).astype(int)
    assert image.shape == shape
    assert np.abs(voxels - nearest).max() < 1e-3
    assert nearest.min() == 0
    return np.asarray(image.dataobj)[tuple(nearest.T)].reshape(shape)


def write_stack(folder: Path, stack: Stack, change: Change = lambda _data, _index: None) -> list[Path]:
    """Writes one file per slice; `change` may alter each data set before it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, pixels in enumerate(stack.stored()):
        data = _common(stack, pixels, index)
        data.ImagePositionPatient = stack.position(index)
        data.ImageOrientationPatient = list(stack.orientation)
        data.PixelSpacing = list(stack.spacing)
        data.RescaleSlope = stack.slope
        data.RescaleIntercept = stack.intercept
        data.PixelData = pixels.tobytes()
        change(data, index)
        paths.append(save(data, folder / f"image{index:03d}", stack.syntax))
    return paths


def write_enhanced(folder: Path, stack: Stack, change: Change = lambda _data, _index: None) -> Path:
    """Writes all slices as one enhanced multi-frame file; `change` may alter each frame's functional groups."""
    folder.mkdir(parents=True, exist_ok=True)
    data = _common(stack, stack.stored()[0], 0)
    data.NumberOfFrames = stack.slices
    data.PixelData = stack.stored().tobytes()
    data.SharedFunctionalGroupsSequence = DicomSequence([Dataset()])
    frames = []
    for index in range(stack.slices):
        frame = Dataset()
        frame.PlanePositionSequence = _item(ImagePositionPatient=stack.position(index))
        frame.PlaneOrientationSequence = _item(ImageOrientationPatient=list(stack.orientation))
        frame.PixelMeasuresSequence = _item(PixelSpacing=list(stack.spacing), SliceThickness=stack.distance)
        frame.PixelValueTransformationSequence = _item(
            RescaleSlope=stack.slope, RescaleIntercept=stack.intercept, RescaleType="US"
        )
        frame.FrameContentSequence = _item(
            DimensionIndexValues=[1, index + 1], StackID="1", InStackPositionNumber=index + 1, FrameAcquisitionNumber=1
        )
        change(frame, index)
        frames.append(frame)
    data.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    return save(data, folder / "enhanced", stack.syntax)


def write_object(folder: Path, sop_class: UID, *, series_uid: str | None = None) -> Path:
    """Writes a DICOM object without pixels, such as a structured report."""
    folder.mkdir(parents=True, exist_ok=True)
    data = _identity(sop_class, series_uid or generate_uid(), generate_uid(), 0)
    return save(data, folder / "object", ExplicitVRLittleEndian)


def save(data: Dataset, path: Path, syntax: UID) -> Path:
    """Writes `data` as a DICOM file in `syntax`."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    whole = FileDataset(
        str(path),
        data,
        file_meta=meta,
        preamble=b"\0" * 128,
        is_implicit_VR=syntax.is_implicit_VR,
        is_little_endian=syntax.is_little_endian,
    )
    whole.save_as(path, enforce_file_format=True)
    return path


def _common(stack: Stack, pixels: np.ndarray, index: int) -> Dataset:
    data = _identity(stack.sop_class, stack.series_uid, stack.study_uid, index)
    data.ImageType = list(stack.image_type)
    data.Rows, data.Columns = stack.rows, stack.columns
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = pixels.dtype.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.SliceThickness = stack.distance
    return data


def _identity(sop_class: UID, series_uid: str, study_uid: str, index: int) -> Dataset:
    data = Dataset()
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = generate_uid(entropy_srcs=[series_uid, str(index)])
    data.SeriesInstanceUID = series_uid
    data.StudyInstanceUID = study_uid
    data.FrameOfReferenceUID = generate_uid(entropy_srcs=[study_uid])
    data.Modality = _MODALITY[sop_class]
    data.PatientName = PATIENT_NAME
    data.PatientID = PATIENT_ID
    data.AccessionNumber = ACCESSION
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = "20240102"
    data.StudyTime = data.SeriesTime = data.AcquisitionTime = "235958"
    data.ProtocolName = data.SeriesDescription = data.ImageComments = f"for {PATIENT_NAME}"
    data.Manufacturer = "Synthetic"
    data.ManufacturerModelName = "One"
    data.SoftwareVersions = "1.2"
    data.PatientPosition = "HFS"
    data.SeriesNumber = 3
    data.AcquisitionNumber = 1
    data.InstanceNumber = index + 1
    return data


def _item(**values: object) -> DicomSequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return DicomSequence([item])


PATIENT_NAME = "Nobody^Anna"
PATIENT_ID = "ID-77081"
ACCESSION = "ACC-90210"
