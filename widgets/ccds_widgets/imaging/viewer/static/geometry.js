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
