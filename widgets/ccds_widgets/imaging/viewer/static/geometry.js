// Between the pixels of a slice, the voxels of the volume and millimetres. A plane's `turns` say for x, y and slice number which of
// the volume's axes each is and whether it runs the other way.

/** The voxel [i, j, k] at column x, row y of slice `number`. */
function voxelAt(plane, [x, y, number]) {
  const voxel = [0, 0, 0];
  [x, y, number].forEach((at, order) => {
    const [axis, flipped] = plane.turns[order];
    voxel[axis] = flipped ? plane.size[order] - 1 - at : at;
  });
  return voxel;
}

/** Column, row and slice number of the voxel [i, j, k]. */
function pixelOf(plane, voxel) {
  return plane.turns.map(([axis, flipped], order) => (flipped ? plane.size[order] - 1 - voxel[axis] : voxel[axis]));
}

/** What the slice that goes through a voxel is called: by the index along the file's axis, from 0, as in the line of the voxel. */
function sliceName({ turns: [, , [axis]] }, voxel) {
  return `${"ijk"[axis]} = ${voxel[axis]}`;
}

/** Where a voxel's middle is: DICOM's coordinates, to the patient's left, posterior and head, mm. */
function lpsOf(volume, voxel) {
  return volume.to_lps.map(([i, j, k, origin]) => i * voxel[0] + j * voxel[1] + k * voxel[2] + origin);
}

/** Width by height of a plane's pictures in the patient. */
function ratioOf({ size: [columns, rows], spacing: [across, down] }) {
  return (columns * across) / (rows * down);
}

/** A round length, mm, of at most a third of `width` mm. */
function scaleLength(width) {
  const most = width / 3;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * [5, 2, 1].find((times) => times * power <= most);
}

/** A number with a true minus and at most `places` decimals. */
function figure(value, places = 1) {
  const rounded = Number(value.toFixed(places));
  return `${rounded < 0 ? "\u2212" : ""}${Math.abs(rounded)}`;
}

const WIDER_PER_PX = 1.005;
const LEVEL_PER_PX = 0.004; // of the width

/** The window `from` after a drag of so many pixels, in round numbers: steps of about a hundredth of its width, of HU whole ones. */
function draggedWindow(from, dx, dy, unit) {
  const width = Math.max(from.width * WIDER_PER_PX ** dx, 1e-3);
  const power = Math.floor(Math.log10(width)) - 2;
  const step = unit === "HU" ? Math.max(power, 0) : power;
  const round = (value) => Number((Math.round(value / 10 ** step) * 10 ** step).toFixed(Math.max(0, -step)));
  return { level: round(from.level - dy * LEVEL_PER_PX * from.width), width: Math.max(round(width), 10 ** step) };
}

const NOTCH_PX = 50;

/** A function that says by how many slices a wheel's move turns: by one for a notch, and for so many of a trackpad's small ones as make one. */
function notches() {
  let sum = 0;
  return (deltaY) => {
    sum = sum * deltaY < 0 ? deltaY : sum + deltaY; // who turns back starts anew
    if (Math.abs(sum) < NOTCH_PX) return 0;
    const by = Math.sign(sum);
    sum = 0;
    return by;
  };
}
