// The lines that say where the crosshair and the pointer are.

/**
 * Gives what writes into `line` where a voxel is, with its value and label when the kernel has told them; null empties it. Only the
 * newest is asked for.
 */
function voxelLine(line, title, state, probe, complain) {
  let wanted = null;
  let asking = false;

  const write = (voxel, { value, label }) => {
    const { volume } = state;
    const place = lpsOf(volume, voxel).map((mm) => figure(mm)).join(", ");
    line.textContent = `${title}: LPS ${place} mm · voxel ${voxel.join(", ")} · ${figure(value, 3)} ${volume.unit}${label ? ` · label ${label}` : ""}`;
  };

  return async (voxel) => {
    wanted = voxel;
    if (!voxel) line.textContent = "";
    if (asking) return;
    asking = true;
    while (wanted && state.volume) {
      const mine = wanted;
      const { volume } = state;
      try {
        const told = await probe(mine);
        if (wanted && volume === state.volume) write(mine, told); // null: the pointer went away meanwhile
      } catch (error) {
        complain(error.message);
      }
      if (wanted === mine) wanted = null;
    }
    asking = false;
  };
}
