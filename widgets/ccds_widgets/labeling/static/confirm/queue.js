// Keys on their way to the kernel: kept in this tab until the kernel has said what became of each, sent again until it has.

const PATIENCE = 10000;
const SLOWEST = 15000;
const AT_ONCE = 100;

/** A UUID by chance. `crypto.randomUUID` is there on secure pages only, and a hospital's may not be one. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The keys of this tab that the kernel hasn't acknowledged, the oldest first, of whichever batches: a batch that is left, or a task,
 * takes none of them along. Who would close the tab meanwhile is asked by the browser whether they mean it. An app's page asks here
 * by `ccds-leave` before Voilà hears of it and ends the kernel: who stays goes on with it.
 *
 * `serve(screen)` says which screen brings them from now on. Its `send(keys)` brings some to the kernel and resolves to its answer,
 * whose `acknowledged` names those that it is through with. One call is on its way at a time; what comes meanwhile goes with the
 * next. Its `received(answer)` is called for each answer, with the keys that are acknowledged out of `keys` already; its `changed()`
 * whenever what `standing` says may have. A call that fails, or that isn't answered in time, is made again, later each time; that is
 * safe, as a key that comes twice counts once. All ends with `signal`.
 */
function openQueue(place, signal) {
  let keys = readKeys(place);
  let screen = null;
  let sending = false;
  let again = false;
  let failed = 0;
  let problem = null;
  let timer;

  signal.addEventListener("abort", () => clearTimeout(timer));
  const ask = (event) => keys.length && event.preventDefault();
  window.addEventListener("beforeunload", ask, { signal });
  document.addEventListener("ccds-leave", ask, { signal });

  function keep(now) {
    keys = now;
    if (keys.length) sessionStorage.setItem(place, JSON.stringify(keys));
    else sessionStorage.removeItem(place);
  }

  async function sync() {
    clearTimeout(timer);
    again = true;
    if (sending) return;
    sending = true;
    while (again && !signal.aborted) {
      again = false;
      const sent = keys.slice(0, AT_ONCE);
      try {
        const answer = await inTime(screen.send(sent));
        if (signal.aborted) return;
        const done = new Set(answer.acknowledged.map(({ id }) => id));
        keep(keys.filter(({ id }) => !done.has(id)));
        failed = 0;
        problem = null;
        again ||= keys.length > 0 && done.size > 0;
        screen.received(answer);
      } catch (error) {
        if (signal.aborted) return;
        failed += 1;
        problem = error.message;
        again = false;
        timer = setTimeout(sync, Math.min(SLOWEST, 500 * 2 ** failed));
      }
      screen.changed();
    }
    sending = false;
  }

  return {
    get keys() {
      return keys;
    },
    /** How many aren't acknowledged, how often in a row sending them failed, and why. */
    get standing() {
      return { unsaved: keys.length, failed, problem };
    },
    /** Takes a key in and sends it. */
    add(key) {
      keep([...keys, key]);
      sync();
      screen.changed();
    },
    sync,
    serve(next) {
      screen = next;
    },
  };
}

function readKeys(place) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(place) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** What `promise` resolves to, if it does so in time. */
function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("Expected an answer of the kernel; found none yet.")), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
