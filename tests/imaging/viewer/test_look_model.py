"""Looking at a volume: what a page gets of it, in which orientation, and what it is refused."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask
from ccds_kernel.imaging.studies.rows import Judgement, Passed
from ccds_kernel.imaging.verdict import Status
from support.affines import ANY_ORIENTATION, places
from support.preview import AFFINE, SHAPE, head, oriented, write_image
from support.viewing import SERIES, STUDY, FolderScans, Looking, pixels

ENDS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "H": (2, 1), "F": (2, -1)}
"""For each letter the axis of RAS that it lies on, and in which direction."""

EDGES = {"axial": "RLAP", "coronal": "RLHF", "sagittal": "APHF"}


@pytest.fixture
def scans(tmp_path):
    """A CT of a head."""
    write_image(tmp_path / "nifti" / STUDY / f"{SERIES}.nii.gz", head())
    return FolderScans(tmp_path / "nifti")


@pytest.fixture
def looking(scans):
    """That volume on the screen."""
    return Looking(scans)


def coordinates(folder, codes, axis):
    """A page on a volume whose axes run to `codes` and whose values are coordinates along the patient's `axis`."""
    affine = oriented(codes)
    shape = (5, 6, 7)
    write_image(folder / STUDY / f"{SERIES}.nii.gz", places(affine, shape)[..., axis].astype(np.float32), affine)
    return Looking(FolderScans(folder))


@pytest.mark.parametrize("codes", ANY_ORIENTATION)
def test_the_letters_at_the_edges_are_right_whichever_way_the_file_runs(tmp_path, codes):
    """Coordinates grow towards the side that an edge is named for, in the pixels of all planes and all 48 orientations."""
    for axis in range(3):
        page = coordinates(tmp_path / str(axis), codes, axis)
        for name, plane in page.planes.items():
            picture = page.grey(name, 1, low=-60.0, high=60.0).astype(int)
            left, right, top, bottom = plane["edges"]
            towards = {left: picture[:, 0] - picture[:, -1], top: picture[0] - picture[-1]}
            for letter, difference in towards.items():
                lies_on, sign = ENDS[letter]
                assert np.all(difference * sign > 0) if lies_on == axis else np.all(difference == 0)
            assert plane["edges"] == EDGES[name]
            assert {ENDS[right], ENDS[bottom]} == {(ENDS[left][0], -1), (ENDS[top][0], -1)}


@pytest.mark.parametrize("codes", ["RAS", "LPS", "PIR", "SLA"])
def test_a_page_can_tell_where_a_pixel_lies(tmp_path, codes):
    """`turns` and `to_lps` lead from a pixel to its voxel and to DICOM's coordinates, which the value confirms."""
    signs = (-1, -1, 1)
    for axis in range(3):
        page = coordinates(tmp_path / str(axis), codes, axis)
        for name, plane in page.planes.items():
            picture = page.grey(name, 2, low=-64.0, high=63.5)
            for x, y in ((0, 0), (1, 2), (plane["size"][0] - 1, plane["size"][1] - 1)):
                voxel = [0, 0, 0]
                for at, length, (old, flipped) in zip((x, y, 2), plane["size"], plane["turns"], strict=True):
                    voxel[old] = length - 1 - at if flipped else at
                lps = np.array(page.volume["to_lps"]) @ [*voxel, 1]
                probed = page.ask("probe", voxel=voxel, time=0, mask=None)["value"]
                assert probed == pytest.approx(lps[axis] * signs[axis], abs=0.01)
                assert picture[y, x] == pytest.approx((probed + 64) * 2, abs=1)


def test_pixels_have_the_size_that_they_have_in_the_patient(looking):
    """Along x, y and from slice to slice, mm."""
    sizes = {name: (plane["size"], plane["spacing"]) for name, plane in looking.planes.items()}

    assert sizes["axial"] == ([20, 24, 12], pytest.approx([3.2, 3.2, 5.0]))
    assert sizes["sagittal"] == ([24, 12, 20], pytest.approx([3.2, 5.0, 3.2]))


def test_a_frame_is_the_slice_through_the_window(looking):
    """Every pixel of the PNG, by the textbook's arithmetic; the file's axes run to L, P and S."""
    picture = looking.grey("axial", 6, low=-500.0, high=1500.0)

    expected = np.clip((head()[:, :, 6].T.astype(float) + 500) / 2000 * 255, 0, 255)
    assert np.abs(picture - expected).max() <= 0.51


def test_only_what_is_wanted_is_sent(looking, scans):
    """A frame is one picture; a volume is read once, however many frames are asked for; a page asks for a few at a time."""
    for number in range(12):
        answer = looking.frames(("axial", number))
        assert [len(answer["buffers"]), answer["blank"]] == [1, [False]]
    assert scans.reads == 1
    with pytest.raises(CcdsError, match="a request that this app knows"):
        looking.frames(*(("axial", number) for number in range(9)))


def test_the_windows_are_those_of_the_modality(tmp_path, looking):
    """CT: by name, in HU; all else: percentiles of its own values, in arbitrary units."""
    write_image(tmp_path / "mr" / STUDY / "mr.nii.gz", np.arange(1000, dtype=np.int16).reshape(10, 10, 10))
    (tmp_path / "mr" / STUDY / "mr.json").write_text('{"modality": "MR"}')
    mr = Looking(FolderScans(tmp_path / "mr")).volume

    assert [one["name"] for one in looking.volume["windows"]] == [
        "Soft tissue", "Brain", "Subdural", "Stroke", "Bone", "Lung", "Liver",
    ]  # fmt: skip
    assert (looking.volume["unit"], mr["unit"]) == ("HU", "au")
    first = mr["windows"][0]
    assert (first["name"], first["level"], first["width"]) == (
        "1–99 %",
        pytest.approx(499.5),
        pytest.approx(979, abs=1),
    )


@pytest.mark.parametrize("shape", [(128, 128, 128), (128, 128, 129)])
def test_the_windows_see_the_whole_volume(tmp_path, shape):
    """Whatever its sides: something bright in the middle of nothing counts, and "0–100 %" holds its brightest voxel."""
    voxels = np.zeros(shape, np.int16)
    voxels[24:104, 24:104, 24:104] = 800
    voxels[63, 64, 65] = 1000
    write_image(tmp_path / STUDY / "mr.nii.gz", voxels)
    (tmp_path / STUDY / "mr.json").write_text('{"modality": "MR"}')

    windows = {one["name"]: one for one in Looking(FolderScans(tmp_path)).volume["windows"]}

    assert (windows["1–99 %"]["level"], windows["1–99 %"]["width"]) == (400, 800)
    assert (windows["0–100 %"]["level"], windows["0–100 %"]["width"]) == (500, 1000)


def test_a_volume_of_one_value_can_be_looked_at(tmp_path):
    """Its percentiles are one number, its window is not."""
    write_image(tmp_path / STUDY / "x.nii.gz", np.full((4, 4, 4), 7, np.int16))
    (tmp_path / STUDY / "x.json").unlink()

    windows = Looking(FolderScans(tmp_path)).volume["windows"]

    assert {one["width"] for one in windows} == {1.0}


def test_time_points_are_looked_at_one_by_one(tmp_path):
    """A 4D image has as many as it has; the value under the pointer is that of the time."""
    voxels = np.stack([np.full((4, 5, 6), 10 * time, np.int16) for time in range(3)], axis=3)
    write_image(tmp_path / STUDY / "x.nii.gz", voxels)
    page = Looking(FolderScans(tmp_path))

    pictures = [page.grey("coronal", 2, time=time)[0, 0] for time in range(3)]
    values = [page.ask("probe", voxel=[1, 1, 1], time=time, mask=None)["value"] for time in range(3)]

    assert page.volume["times"] == 3
    assert pictures == values == [0, 10, 20]


@pytest.mark.parametrize(
    ("voxel", "told"),
    [
        (np.uint16(54321), 54321),
        (np.int16(-1024), -1024),
        (np.int32(123456), 123456),
        (np.float32(1023.5), 1023.5),
        (np.float32(0.1), 0.1),
        (np.float32(-123456.75), -123456.8),
    ],
)
def test_a_value_is_what_the_file_holds(tmp_path, voxel, told):
    """Whole numbers to the last digit, others to as many as a float has."""
    write_image(tmp_path / STUDY / "x.nii.gz", np.full((3, 4, 5), voxel))

    value = Looking(FolderScans(tmp_path)).ask("probe", voxel=[1, 2, 3], time=0, mask=None)["value"]

    assert value == told


def test_a_mask_is_drawn_where_it_lies(looking, scans):
    """In the colours' own numbers, nothing where nothing is; the probe tells the label."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[3, 5, 7] = 2
    scans.keep(scans.of_study(STUDY)[0], Mask(labels, {2: "bleed"}, "seg"))

    answer = looking.frames(("axial", 7, 1), ("axial", 8, 1))
    [picture] = [pixels(png) for png in answer["buffers"]]

    assert answer["blank"] == [False, True]
    assert np.argwhere(picture).tolist() == [[5, 3]]
    assert picture[5, 3] == 2
    assert looking.ask("probe", voxel=[3, 5, 7], time=0, mask=1)["label"] == 2
    opened = looking.model.answer({"kind": "open", "study": STUDY, "series": SERIES})
    assert opened["masks"][0]["labels"] == [{"label": 2, "name": "bleed", "colour": "#56b4e9"}]


def test_a_mask_that_can_not_be_read_hides_no_slice(scans):
    """The grey values come, the value under the pointer too; a line says what is wrong with the mask."""

    class Broken(FolderScans):
        def mask(self, entry, kept):  # noqa: ARG002 - whichever it is
            raise CcdsError(expected="a mask on the volume's grid", found="another grid", do="import it again")

    broken = Broken(scans.folder.folder)
    broken.keep(broken.of_study(STUDY)[0], Mask(np.ones(SHAPE, np.uint8), {1: ""}, "seg"))
    page = Looking(broken)

    answer = page.frames(("axial", 6), ("axial", 6, 1))
    probed = page.ask("probe", voxel=[3, 5, 7], time=0, mask=1)

    assert answer["blank"] == [False, True]
    assert np.array_equal(pixels(answer["buffers"][0]), page.grey("axial", 6))
    assert answer["unread"] == "Expected a mask on the volume's grid; found another grid; import it again."
    assert probed == {"value": int(head()[3, 5, 7]), "label": 0}


def test_what_is_to_be_known_about_a_volume_is_told(looking, scans):
    """Warnings, what was corrected, what people let pass: who, when and why. Nothing where nobody knows of a verdict."""
    at = datetime(2026, 2, 3, tzinfo=UTC)
    passed = Passed("gantry-tilt", "agreed with the physicist", "sam", at)
    warnings = ("corrected by interpolation: leaning 14 degrees", "files beside that are no DICOM")
    scans.judged = Judgement(STUDY, SERIES, "CT", "S", Status.ACCEPTED, None, 8, "eve", at, warnings, (passed,))

    notes = looking.model.answer({"kind": "open", "study": STUDY, "series": None})["volume"]["notes"]

    assert looking.volume["notes"] is None
    assert notes == {
        "corrected": ["corrected by interpolation: leaning 14 degrees"],
        "warnings": ["files beside that are no DICOM"],
        "passed": [
            {
                "code": "gantry-tilt",
                "note": "agreed with the physicist",
                "person": "sam",
                "at": at.isoformat(),
            }
        ],
    }


def test_a_volume_that_was_made_anew_is_told_apart(looking, scans):
    """A page that shows what isn't there any more gets no slice of what is there now."""
    write_image(scans.folder.folder / STUDY / f"{SERIES}.nii.gz", head(2))

    with pytest.raises(CcdsError, match="made anew meanwhile; reload the page"):
        looking.grey("axial", 0)


def test_a_study_without_volumes_is_no_error(looking, scans):
    """Its series may be in quarantine."""
    (scans.folder.folder / "nothing").mkdir()

    answer = looking.model.answer({"kind": "open", "study": "nothing", "series": None})

    assert (answer["volume"], answer["all"]) == (None, [])


def test_a_key_of_no_study_is_refused(looking, scans):
    """What is open stays."""
    with pytest.raises(CcdsError, match="expected the key of a study that is here; found none of that key"):
        looking.model.answer({"kind": "open", "study": "nonsense", "series": None})

    looking.frames(("axial", 1))
    assert scans.reads == 1


def test_another_series_is_never_shown_in_place_of_the_one_that_was_asked_for(looking, scans):
    """One that was set aside meanwhile is refused in a line; what is open stays, and names its series."""
    with pytest.raises(CcdsError, match="expected a volume of that series; found none"):
        looking.model.answer({"kind": "open", "study": STUDY, "series": "series-9"})

    assert scans.reads == 1
    assert [(one["id"], one["number"]) for one in looking.opened["all"]] == [(SERIES, 7)]


def test_studies_are_found_by_how_their_keys_begin(tmp_path):
    """Some at a time, and whether there are more."""
    for number in range(60):
        (tmp_path / f"study{number:02}").mkdir()
    write_image(tmp_path / STUDY / "x.nii.gz", head())
    model = Looking(FolderScans(tmp_path)).model

    first, narrow = (
        model.answer({"kind": "find", "beginning": ""}),
        model.answer({"kind": "find", "beginning": "study5"}),
    )

    assert (len(first["studies"]), first["more"]) == (50, True)
    assert (narrow["studies"], narrow["more"]) == ([f"study5{number}" for number in range(10)], False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "frames", "time": 0, "low": 0.0, "high": 1.0, "wanted": []},
        {
            "kind": "frames",
            "time": 0,
            "low": 0.0,
            "high": float("nan"),
            "wanted": [{"plane": "axial", "number": 0, "mask": None}],
        },
        {
            "kind": "frames",
            "time": 0,
            "low": 0.0,
            "high": 1.0,
            "wanted": [{"plane": "oblique", "number": 0, "mask": None}],
        },
        {
            "kind": "frames",
            "time": -1,
            "low": 0.0,
            "high": 1.0,
            "wanted": [{"plane": "axial", "number": 0, "mask": None}],
        },
        {"kind": "probe", "voxel": [0, 0], "time": 0, "mask": None},
        {"kind": "probe", "voxel": [0, 0, 99], "time": 0, "mask": None},
        {"kind": "probe", "voxel": [0, 0, 0], "time": 0, "mask": 9},
        {"kind": "probe", "voxel": [0, 0, 0], "time": 0, "mask": "drawn"},
        {"kind": "header", "more": 1},
        {"kind": "nothing"},
    ],
)
def test_what_a_page_may_not_ask_is_refused_in_one_line(looking, wrong):
    """Unknown kinds and keys, numbers out of range, voxels and masks that aren't there."""
    with pytest.raises(CcdsError) as refused:
        looking.ask(**wrong)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("series", ["../../dicom/x", "series-2", ""])
def test_only_volumes_of_the_folder_are_opened(looking, series):
    """Whatever a page calls a series, it is looked up, never a path."""
    with pytest.raises(CcdsError, match="choose another series"):
        looking.ask(
            "frames", series=series, time=0, low=0.0, high=1.0, wanted=[{"plane": "axial", "number": 0, "mask": None}]
        )


def test_numbers_beyond_the_last_slice_are_the_last(looking):
    """A page that is behind asks for what was there; nothing fails."""
    assert np.array_equal(looking.grey("axial", 11), looking.grey("axial", 999))


def test_a_tilted_volume_says_so(tmp_path):
    """Its slices aren't quite what they are called."""
    angle = np.deg2rad(10)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    write_image(tmp_path / STUDY / "x.nii.gz", head(), turn @ AFFINE)

    tilts = {name: plane["tilt"] for name, plane in Looking(FolderScans(tmp_path)).planes.items()}

    assert tilts == {"axial": 10.0, "coronal": 10.0, "sagittal": 0.0}
