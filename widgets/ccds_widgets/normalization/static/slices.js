// Pictures as bytes: asked for ahead of the slider, a few at a time, those that are looked at first.

const REACH = 16;
const MOST_ASKED = 24;
const MOST_ASKED_BYTES = 1 << 21;
const MOST_KEPT_BYTES = 96 << 20;
const LATE_MS = 2000;

/**
 * Keeps slices and asks for those that are missing near the slider. One request is on its way at a time, so that what
 * comes next is always what is looked at then. `again()` is to wait for the kernel where it makes pictures anew, and to fill then.
 */
function sliceStore(state, channel, arrived, failed, again) {
  const kept = new Map(); // key → bytes, the oldest first
  let bytes = 0;
  let asking = false;

  const displayKey = () => (state.display ? `${state.display.center}/${state.display.width}` : "full");
  const key = (result, side, number) =>
    side === "before"
      ? `before|${result.volume}|${result.version}|${state.plane}|${number}|${displayKey()}`
      : `${side}|${result.revision}|${state.plane}|${number}|${displayKey()}`;

  function missing() {
    const results = state.results.filter(Boolean);
    const found = results.map(({ revision }) => ({ revision, before: [], after: [], beside: [] }));
    const { count } = lineOf(state);
    const at = stationOf(state);
    let [many, asked] = [0, 0];
    for (let reach = 0; reach <= REACH; reach += 1) {
      for (const station of reach ? [at + reach, at - reach] : [at]) {
        if (station < 0 || station >= count) continue;
        results.forEach((result, place) => {
          for (const [side, cut] of Object.entries(result.planes[state.plane].cuts)) {
            const number = sliceAt(state, result, side, station);
            if (kept.has(key(result, side, number)) || found[place][side].includes(number)) continue;
            found[place][side].push(number);
            many += 1;
            asked += cut.size[0] * cut.size[1];
          }
        });
      }
      // What is looked at comes alone, so that it comes at once.
      if ((reach === 0 && many) || many >= MOST_ASKED || asked >= MOST_ASKED_BYTES) break;
    }
    return many ? found : null;
  }

  async function fill() {
    if (asking || state.dragging || !firstOf(state)) return;
    const wanted = missing();
    if (!wanted) return;
    asking = true;
    let anew = false; // whether the kernel has to make them again
    const shown = new Map(state.results.filter(Boolean).map((result) => [result.revision, result]));
    // In the order in which the kernel sends them.
    const keys = wanted.flatMap((study) => ["before", "after", "beside"].flatMap((side) => study[side].map((number) => key(shown.get(study.revision), side, number))));
    const request = { kind: "slices", plane: state.plane, display: state.display, studies: wanted };
    // In a notebook the kernel may be busy with another cell for minutes: it is alive, and late.
    const timer = setTimeout(() => arrived({ late: true }), LATE_MS);
    try {
      const answer = await channel.ask(request);
      anew = Boolean(answer.again);
      if (!answer.gone && !anew) keys.forEach((one, at) => keep(one, answer.buffers[at]));
      else if (answer.gone && wanted.every(({ revision }) => state.results.some((one) => one?.revision === revision)) && !state.busy)
        throw new Error("Expected the recipe that this view shows; found that another view changed it; reload the page.");
    } catch (error) {
      arrived({ late: false });
      failed(error.message);
      return; // asked again at the next step
    } finally {
      asking = false;
      clearTimeout(timer);
    }
    arrived({ late: false });
    if (anew) again();
    else fill();
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

  return { fill, find: (result, side, number) => kept.get(key(result, side, number)) };
}
