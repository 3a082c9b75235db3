"""Small pictures: of what can be decoded, in the body's proportions; else why not."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEG2000Lossless

from ccds_kernel.imaging.studies.thumbnail import LONGEST_SIDE, NoThumbnail, thumbnail
from support.dicom import SR, Stack, write_enhanced, write_object, write_stack


def opened(packed: bytes) -> Image.Image:
    """The picture."""
    return Image.open(io.BytesIO(packed))


def half(data, _index) -> None:
    """Bright on the left."""
    pixels = np.zeros((data.Rows, data.Columns), "<u2")
    pixels[:, : data.Columns // 2] = 1000
    data.PixelData = pixels.tobytes()


def test_a_picture_has_the_body_s_proportions(tmp_path) -> None:
    """Rows are 0.8 mm apart, columns 0.6: the matrix of 12 by 10 is taller than it looks."""
    [path, *_] = write_stack(tmp_path, Stack())

    picture = opened(thumbnail(path))

    assert picture.mode == "L"
    assert (picture.height, picture.width) == (LONGEST_SIDE, round(LONGEST_SIDE * 6 / 9.6))


@pytest.mark.parametrize(("photometric", "left_is_bright"), [("MONOCHROME2", True), ("MONOCHROME1", False)])
def test_bright_is_what_a_reader_shows_bright(tmp_path, photometric, left_is_bright) -> None:
    """An image that says that low is white is turned."""

    def change(data, index) -> None:
        half(data, index)
        data.PhotometricInterpretation = photometric

    [path, *_] = write_stack(tmp_path, Stack(), change)

    shades = np.asarray(opened(thumbnail(path)))

    assert (shades[:, 0].mean() > shades[:, -1].mean()) == left_is_bright


def test_the_frame_is_the_one_asked_for(tmp_path) -> None:
    """Of a file with several."""
    path = write_enhanced(tmp_path, Stack())

    assert len({thumbnail(path, frame) for frame in range(5)}) == 5


def test_an_even_image_is_a_picture_too(tmp_path) -> None:
    """Nothing is divided by nothing."""
    [path, *_] = write_stack(tmp_path, Stack(low=7, high=7))

    assert np.asarray(opened(thumbnail(path))).max() == 0


def test_a_report_has_no_picture(tmp_path) -> None:
    """It has no pixels."""
    with pytest.raises(NoThumbnail, match="no image"):
        thumbnail(write_object(tmp_path, SR))


def test_what_can_t_be_decoded_says_so(tmp_path) -> None:
    """Pixels that are none, a frame that isn't there, a file that isn't there."""

    def broken(data, _index) -> None:
        data.PixelData = b"\xfe\xff\x00\xe0" + (0).to_bytes(4, "little") + b"\xfe\xff\x00\xe0\x04\x00\x00\x00none"
        data["PixelData"].is_undefined_length = True

    [path, *_] = write_stack(tmp_path / "broken", Stack(syntax=JPEG2000Lossless), broken)
    [good, *_] = write_stack(tmp_path / "good", Stack())

    for wrong, frame in ((path, 0), (good, 7)):
        with pytest.raises(NoThumbnail, match="can’t be decoded"):
            thumbnail(wrong, frame)
    with pytest.raises(NoThumbnail, match="can’t be read"):
        thumbnail(tmp_path / "none")
