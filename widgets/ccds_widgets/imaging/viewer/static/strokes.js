// A brush: from where the pointer went to the pixels of a slice that lie under it.

/**
 * Collects the pixels that a brush of `size` pixels goes over; `extend` gives those that are new.
 *
 * The brush is round in pixels, `size` of them wide, an odd number; of size 1 it is the pixel itself. Between two places of the pointer no pixel is left out.
 */
function brushStroke([columns, rows], size) {
  const pixels = new Set(); // row * columns + column
  let last = null;

  function extend(x, y) {
    const fresh = [];
    const steps = last ? Math.max(Math.abs(x - last[0]), Math.abs(y - last[1]), 1) : 1;
    const [fromX, fromY] = last ?? [x, y];
    for (let step = last ? 1 : 0; step <= steps; step += 1)
      stamp(Math.round(fromX + ((x - fromX) * step) / steps), Math.round(fromY + ((y - fromY) * step) / steps), fresh);
    last = [x, y];
    return fresh;
  }

  function stamp(x, y, fresh) {
    const radius = size / 2;
    const reach = (size - 1) / 2;
    for (let dy = -reach; dy <= reach; dy += 1)
      for (let dx = -reach; dx <= reach; dx += 1) {
        const [column, row] = [x + dx, y + dy];
        if (dx * dx + dy * dy > radius * radius || column < 0 || row < 0 || column >= columns || row >= rows) continue;
        const key = row * columns + column;
        if (pixels.has(key)) continue;
        pixels.add(key);
        fresh.push([column, row]);
      }
  }

  /** The pixels as the kernel takes them: row, first column, last column, one run after the other. */
  function runs() {
    const found = [];
    for (const key of [...pixels].sort((a, b) => a - b)) {
      const [row, column] = [Math.floor(key / columns), key % columns];
      const end = found.length - 1;
      if (end >= 0 && found[end - 2] === row && found[end] === column - 1) found[end] = column;
      else found.push(row, column, column);
    }
    return found;
  }

  return { extend, runs, pixels: () => [...pixels].map((key) => [key % columns, Math.floor(key / columns)]) };
}
