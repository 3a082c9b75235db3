// Slices as the kernel draws them: asked for when they are looked at, the newest wish first, kept as long as there is room.

const MOST_ASKED = 8;
const AHEAD = 3;
const MOST_KEPT_PIXELS = 24e6;

/** What tells the mask in sight from all others, and each state of a drawing from the one before; `nonce` is another number once what was painted ahead was refused. */
function maskKey({ drawing, mask, nonce }) {
  return drawing ? `drawn-${drawing.id}-${drawing.revision}-${nonce}` : mask;
}

/**
 * Keeps slices, and asks for those that `wishes()` names and that aren't here. One request is on its way at a time: what was turned
 * past meanwhile is never asked for.
 *
 * A wish is {key, plane, number, mask}. `wishes()` gives what is on the screen; `soon()` what may come next.
 */
function frameStore(ask, wishes, soon, arrived, failed) {
  const kept = new Map(); // key → ImageBitmap, or null where the slice has no label; the oldest first
  let pixels = 0;
  let asking = false;
  let generation = 0;

  async function fill() {
    if (asking) return;
    const lacking = (wanted) => wanted.filter(({ key }, at) => !kept.has(key) && wanted.findIndex((other) => other.key === key) === at);
    let wanted = lacking(wishes());
    if (!wanted.length) wanted = lacking(soon());
    wanted = wanted.slice(0, MOST_ASKED);
    if (!wanted.length) return;
    asking = true;
    const mine = generation;
    try {
      const { blank, buffers, unread } = await ask(wanted.map(({ plane, number, mask }) => ({ plane, number, mask })));
      const pictures = await Promise.all(buffers.map((view) => createImageBitmap(new Blob([view], { type: "image/png" }), { colorSpaceConversion: "none" })));
      // A mask that can't be read; the slices are here. That of a correction that was left meanwhile is looked at by nobody.
      const shown = new Set(wishes().map(({ key }) => key));
      if (mine === generation && unread && wanted.some(({ key, mask }) => mask !== null && shown.has(key))) failed(new Error(unread));
      if (mine === generation) wanted.forEach(({ key }, at) => keep(key, blank[at] ? null : pictures.shift()));
      else pictures.forEach((picture) => picture.close());
    } catch (error) {
      asking = false;
      if (mine === generation) failed(error);
      return; // asked again with the next wish
    }
    asking = false;
    arrived();
    fill();
  }

  function keep(key, picture) {
    kept.set(key, picture);
    pixels += picture ? picture.width * picture.height : 1;
    const shown = new Set(wishes().map((wish) => wish.key));
    for (const [old, one] of kept) {
      if (pixels <= MOST_KEPT_PIXELS) break;
      if (!shown.has(old)) forget(old, one);
    }
  }

  function forget(key, picture) {
    kept.delete(key);
    pixels -= picture ? picture.width * picture.height : 1;
    picture?.close();
  }

  function clear() {
    generation += 1;
    for (const [key, picture] of kept) forget(key, picture);
  }

  return { fill, clear, find: (key) => kept.get(key) }; // undefined: not here
}
