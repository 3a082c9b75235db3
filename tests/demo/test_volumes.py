"""The synthetic head CTs: reproducible, of sound geometry, with air, brain, bone and blood where they belong."""

import hashlib
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pydicom
import pytest

from ccds_kernel.demo import hospital
from ccds_kernel.demo.case import Bleed
from ccds_kernel.demo.dicom import write_series
from ccds_kernel.demo.population import first_cases
from ccds_kernel.demo.reports import generate_reports, truth_table
from ccds_kernel.demo.scanners import SCANNERS
from ccds_kernel.demo.volumes import constitution_of, generate_series, imaged_cases, make_series
from ccds_kernel.errors import CcdsError

SEED = 20240


@pytest.fixture(scope="module")
def all_series():
    """A small demo's 20 series."""
    return list(generate_series(SEED))


@pytest.fixture(scope="module")
def one_of_each_scanner(all_series):
    """One case as each of the five scanners would show it."""
    case = all_series[0].case
    return [make_series(replace(case, scanner=index), SEED) for index in range(len(SCANNERS))]


@pytest.fixture(scope="module")
def files(one_of_each_scanner, tmp_path_factory):
    """Each scanner's series as read back from its files, in the order of the file names."""
    folder = tmp_path_factory.mktemp("dicom")
    return [
        [pydicom.dcmread(path) for path in write_series(series, folder / str(index))]
        for index, series in enumerate(one_of_each_scanner)
    ]


def digest(folder):
    """One hash of every file's name and bytes."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.dcm")):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def centre_of(image):
    """The middle of a slice, which is brain."""
    rows, columns = image.shape
    return image[3 * rows // 8 : 5 * rows // 8, 2 * columns // 5 : 3 * columns // 5]


def hounsfield(slices):
    """The volume in HU from the files' own rescale values."""
    return np.stack([each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept) for each in slices])


class TestReproducible:
    """The seed decides everything."""

    def test_same_seed_same_bytes(self, tmp_path):
        """Two runs with one seed write the same bytes."""
        for run in ("once", "again"):
            for number, series in enumerate(generate_series(SEED, 4)):
                write_series(series, tmp_path / run / str(number))

        hashes = {digest(tmp_path / run) for run in ("once", "again")}

        assert len(hashes) == 1

    def test_another_seed_gives_other_identifiers(self):
        """Two seeds share no unique identifier, so that two demos can lie in one archive."""
        first, second = (next(iter(generate_series(seed, 1))) for seed in (1, 2))

        assert first.uid("study") != second.uid("study")


class TestCases:
    """Which studies have images."""

    def test_twenty_series_with_eight_positives(self, all_series):
        """Of 20 series 8 show hemorrhage, each of another study."""
        assert len(all_series) == 20
        assert sum(series.case.positive for series in all_series) == 8
        assert len({series.case.accession for series in all_series}) == 20

    @pytest.mark.parametrize("seed", [1, 2, 3, SEED])
    def test_each_series_has_its_report_with_the_same_truth(self, seed):
        """Every series is of a study among the 300 reports, and agrees with the truth told for it."""
        truth, reports = truth_table(seed), {report.accession: report for report in generate_reports(seed)}

        for series in generate_series(seed, 6):
            assert truth[series.case.accession] == series.case.positive
            assert reports[series.case.accession].exam_code == series.case.exam_code

    def test_several_studies_of_one_patient_show_one_head(self):
        """A patient's skull and folds are the same on every study: a split by patient matters."""
        cases = imaged_cases(SEED, 120)
        before, after = next(pair for pair in pairwise(cases) if pair[0].patient == pair[1].patient)
        other = next(case for case in cases if case.patient != before.patient)

        heads = [constitution_of(case, SEED) for case in (before, after, other)]

        assert heads[0] == heads[1]
        assert heads[0] != heads[2]

    def test_the_demo_begins_with_every_scanner(self):
        """The first seven series of the demo come from all five scanners."""
        first = {case.scanner for case in imaged_cases(hospital.SEED, 7)}

        assert first == set(range(5))

    def test_all_scanners_are_in_use(self):
        """Five scanners take part."""
        used = {case.scanner for case in first_cases(SEED, 300)}

        assert used == set(range(5))


class TestContents:
    """What the voxels show."""

    def test_air_brain_and_bone(self, all_series):
        """Outside is air, the middle of the head is brain, and a ring of bone lies around it."""
        for series in all_series:
            middle = series.hu[len(series.hu) // 2]
            center = centre_of(middle)

            assert np.median(middle[:4, :4]) < -950
            assert 5 < np.median(center) < 60
            assert 400 < np.percentile(middle, 99) < 1500
            assert series.hu.dtype == np.int16

    def test_bone_closes_around_the_brain(self, all_series):
        """From the middle of a slice at mid-height every direction meets bone before air."""
        for series in all_series:
            middle = series.hu[len(series.hu) // 2]
            last = len(middle) - 1
            steps = np.arange(len(middle) // 2)
            bones = np.argwhere(middle > 300)
            y0, x0 = bones.mean(axis=0)
            for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):
                y = np.clip(np.rint(y0 + steps * np.sin(angle)), 0, last).astype(int)
                x = np.clip(np.rint(x0 + steps * np.cos(angle)), 0, last).astype(int)
                ray = middle[y, x]
                air = np.argmax(ray < -500)
                assert (ray[:air] > 250).any()

    @pytest.mark.parametrize(
        "bleed",
        [
            Bleed("subdural", "left", "frontoparietal", 12, "acute", 68),
            Bleed("epidural", "right", "temporal", 16, "acute", 68),
            Bleed("intraparenchymal", "left", "basal ganglia", 30, "acute", 68),
            Bleed("subarachnoid", "right", "sylvian fissure", 6, "acute", 68),
            Bleed("intraventricular", "left", "lateral ventricle", 9, "acute", 68),
        ],
        ids=lambda bleed: bleed.kind,
    )
    def test_a_hemorrhage_is_bright_and_on_its_side(self, all_series, bleed):
        """The same head with and without a hemorrhage differs by blood, and on the hemorrhage's side."""
        plain = replace(all_series[0].case, bleeds=(), follow_up=None, incidentals=(), scanner=0)

        with_blood = make_series(replace(plain, bleeds=(bleed,)), SEED)
        without = make_series(plain, SEED)

        there, middle = with_blood.blood, with_blood.hu.shape[2] // 2
        left, right = there[:, :, middle:].sum(), there[:, :, :middle].sum()
        assert not without.blood.any()
        assert there.sum() >= 10
        assert np.median(with_blood.hu[there]) - np.median(without.hu[there]) > 15
        assert (left > 4 * right) == (bleed.side == "left")
        assert (right > 4 * left) == (bleed.side == "right")

    def test_scanners_differ_in_noise(self, one_of_each_scanner):
        """The mobile scanner is the noisiest, as its row says."""
        noise = [
            np.std(np.diff(centre_of(series.hu[len(series.hu) // 2]).astype(float), axis=0))
            for series in one_of_each_scanner
        ]

        assert noise[4] == max(noise)
        assert noise[0] == min(noise)


class TestDicom:
    """What the files say."""

    def test_files_read_back(self, files, one_of_each_scanner):
        """The files read back without a warning, with the values in HU that were written."""
        for slices, series in zip(files, one_of_each_scanner, strict=True):
            assert np.array_equal(hounsfield(slices), series.hu)
            assert [each.InstanceNumber for each in slices] == list(range(1, len(series.hu) + 1))
            assert slices[0].file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian

    def test_geometry_is_regular(self, files, one_of_each_scanner):
        """Slices follow each other along their normal at the stated distance, within 0.01 mm."""
        for slices, series in zip(files, one_of_each_scanner, strict=True):
            orientation = np.array([each.ImageOrientationPatient for each in slices], float)
            normal = np.cross(orientation[0, :3], orientation[0, 3:])
            steps = np.diff(np.array([each.ImagePositionPatient for each in slices], float), axis=0)

            assert np.ptp(orientation, axis=0).max() == 0
            assert abs(np.linalg.norm(normal) - 1) < 1e-6
            assert np.allclose(np.abs(steps @ normal), series.scanner.slice_mm, atol=1e-2)
            assert np.allclose(np.linalg.norm(steps, axis=1), series.scanner.slice_mm, atol=1e-2)
            assert float(slices[0].SliceThickness) == series.scanner.slice_mm

    def test_every_axis_has_64_to_96_voxels(self, files):
        """Matrix and number of slices are those of the scanner, small enough for a laptop, and differ between scanners."""
        shapes = [(each[0].Rows, each[0].Columns, len(each)) for each in files]

        assert all(64 <= size <= 96 for shape in shapes for size in shape)
        assert len(set(shapes)) == len(SCANNERS)
        assert shapes == [(scanner.matrix, scanner.matrix, scanner.slices) for scanner in SCANNERS]

    def test_values_are_shown_as_a_radiologist_sees_them(self, files):
        """Every file has rescale and a brain window; the versions of the scanners' software differ."""
        assert all((each.WindowCenter, each.WindowWidth) == (40, 80) for slices in files for each in slices)
        assert {each.RescaleSlope for slices in files for each in slices} == {1}
        assert {slices[0].RescaleIntercept for slices in files} == {0, -1024}
        assert len({slices[0].SoftwareVersions for slices in files}) == len(SCANNERS)

    def test_one_scanner_is_updated_during_the_year(self, all_series, tmp_path):
        """From the day of the update on its series bear the new version."""
        case = replace(all_series[0].case, scanner=3)
        days = (date(2024, 8, 31), date(2024, 9, 1))

        headers = [
            pydicom.dcmread(
                write_series(make_series(replace(case, study_date=day), SEED), tmp_path / day.isoformat())[0]
            )
            for day in days
        ]

        assert [header.StationName for header in headers] == ["DEMOCT4", "DEMOCT4"]
        assert [header.SoftwareVersions for header in headers] == ["20.4.SS", "21.0.SS"]

    def test_scanners_differ_in_geometry(self, files):
        """Some stacks run upwards and some downwards; some are tilted, and say that they are reformats."""
        directions = {np.sign(each[-1].ImagePositionPatient[2] - each[0].ImagePositionPatient[2]) for each in files}
        tilted = [abs(each[0].ImageOrientationPatient[5]) > 0.05 for each in files]

        assert directions == {1, -1}
        assert any(tilted)
        assert not all(tilted)
        assert [each[0].ImageType[0] == "DERIVED" for each in files] == tilted

    def test_identifiers(self, files):
        """Unique identifiers are valid; a series shares its study's, series' and frame's, and no two slices one."""
        for slices in files:
            uids = [each.SOPInstanceUID for each in slices]
            assert len(set(uids)) == len(uids)
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
                assert len({each[name].value for each in slices}) == 1
                assert slices[0][name].value.startswith("2.25.")
                assert slices[0][name].value.is_valid

    def test_nothing_like_a_person(self, files):
        """Patient, accession and birth date are synthetic or empty, and the file says so."""
        for slices in files:
            header = slices[0]
            assert header.PatientName == "Demo^Synthetic"
            assert re.fullmatch(r"DEMO-P\d{5}", header.PatientID)
            assert re.fullmatch(r"DEMO-\d{6}", header.AccessionNumber)
            assert header.PatientBirthDate == ""
            assert header.ReferringPhysicianName == ""
            assert header.PatientIdentityRemoved == "YES"

    def test_the_header_does_not_tell_the_truth(self, all_series, tmp_path):
        """With and without hemorrhage the first slice's header is the same but for identifiers: nothing leaks the label."""
        case = next(series.case for series in all_series if series.case.positive)
        plain = replace(case, bleeds=())

        headers = [
            pydicom.dcmread(write_series(make_series(each, SEED), tmp_path / str(index))[0], stop_before_pixels=True)
            for index, each in enumerate((case, plain))
        ]

        assert headers[0] == headers[1]

    def test_an_existing_folder_is_left_alone(self, all_series, tmp_path):
        """Writing into a folder that is there already is refused, and nothing is left behind."""
        with pytest.raises(CcdsError, match="isn't there yet"):
            write_series(all_series[0], tmp_path)

        assert list(tmp_path.iterdir()) == []

    def test_a_negative_number_of_series_is_refused(self):
        """A negative count is answered in one line."""
        with pytest.raises(CcdsError, match="zero or more series"):
            list(generate_series(SEED, -1))
