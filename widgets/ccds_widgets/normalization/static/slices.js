// Pictures as bytes: asked for ahead of the slider, a few at a time, the one that is looked at first.

const REACH = 16;
const MOST_ASKED = 24;
const MOST_ASKED_BYTES = 1 << 21;
const MOST_KEPT_BYTES = 96 << 20;
const LATE_MS = 2000;

/**
 * Keeps slices and asks for those that are missing near the slider. One request is on its way at a time, so that what
 * comes next is always what is looked at then.
 */
function sliceStore(state, channel, arrived, failed) {
  const kept = new Map(); // key → bytes, the oldest first
  let bytes = 0;
  let asking = false;

  const displayKey = () => (state.display ? `${state.display.center}/${state.display.width}` : "full");
  const key = (side, number) =>
    side === "before"
      ? `before|${state.result.volume}|${state.result.version}|${state.plane}|${number}|${displayKey()}`
      : `after|${state.result.revision}|${state.plane}|${number}`;

  function missing() {
    const { stations, before, after } = planeOf(state);
    const size = { before: before.size[0] * before.size[1], after: after.size[0] * after.size[1] };
    const found = { before: [], after: [] };
    const at = stationOf(state);
    let asked = 0;
    for (let reach = 0; reach <= REACH; reach += 1) {
      for (const station of reach ? [at + reach, at - reach] : [at]) {
        if (station < 0 || station >= stations.length) continue;
        const numbers = slicesAt(state, station);
        for (const side of SIDES) {
          if (kept.has(key(side, numbers[side])) || found[side].includes(numbers[side])) continue;
          found[side].push(numbers[side]);
          asked += size[side];
        }
      }
      const many = found.before.length + found.after.length;
      // What is looked at comes alone, so that it comes at once.
      if ((reach === 0 && many) || many >= MOST_ASKED || asked >= MOST_ASKED_BYTES) break;
    }
    return found;
  }

  async function fill() {
    if (asking || !state.result) return;
    const wanted = missing();
    if (!wanted.before.length && !wanted.after.length) return;
    asking = true;
    const { revision } = state.result;
    const keys = SIDES.flatMap((side) => wanted[side].map((number) => key(side, number)));
    const request = { kind: "slices", revision, plane: state.plane, display: state.display, ...wanted };
    // In a notebook the kernel may be busy with another cell for minutes: it is alive, and late.
    const timer = setTimeout(() => arrived({ late: true }), LATE_MS);
    try {
      const { buffers, gone } = await channel.ask(request);
      if (!gone) keys.forEach((one, at) => keep(one, buffers[at]));
      else if (revision === state.result?.revision) throw new Error("Expected the recipe that this view shows; found that another view changed it; reload the page.");
    } catch (error) {
      arrived({ late: false });
      failed(error.message);
      return; // asked again at the next step
    } finally {
      asking = false;
      clearTimeout(timer);
    }
    arrived({ late: false });
    fill();
  }

  function keep(one, view) {
    kept.set(one, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    bytes += view.byteLength;
    for (const [old, data] of kept) {
      if (bytes <= MOST_KEPT_BYTES) break;
      kept.delete(old);
      bytes -= data.byteLength;
    }
  }

  return { fill, find: (side, number) => kept.get(key(side, number)) };
}
