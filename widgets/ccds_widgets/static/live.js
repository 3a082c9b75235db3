// A cell that follows what goes on in its kernel: when it asks again, and its shell. Joined behind base.js.

const NO_ANSWER_MS = 20000; // then it is asked again: a connection that was lost brings no answer back

/**
 * Asks the kernel how things stand, one question at a time, and not at all while nobody looks.
 *
 * `state` has `project` (null until the first answer), `busy`, `error` ({at, line}) and `stalled` (why nothing is asked any more).
 * - `question()` is what is asked, `takeIn(answer)` puts the answer into `state`, `pause(answer)` is how long to wait then, in ms.
 * - `goesOn()`: whether there is something to follow.
 * - `isAskedAgain(error, request)`: whether a question that failed is asked again; otherwise it ends there and says so.
 * - `patience`: each question that isn't answered is waited for twice as long as the one before, up to so many ms.
 */
function following(state, channel, draw, { question, takeIn, pause, goesOn = () => true, isAskedAgain = (error) => error.lost, patience = NO_ANSWER_MS }) {
  let timer = null;
  let waits = NO_ANSWER_MS;
  let ended = false;
  let away = false;
  let looking = 0;

  async function look() {
    clearTimeout(timer);
    if (ended || away || document.hidden || state.project === null) return;
    looking += 1;
    const mine = looking;
    const request = question();
    timer = setTimeout(look, waits);
    waits = Math.min(2 * waits, patience);
    try {
      const answer = await channel.ask(request);
      if (mine === looking && !ended) take(answer);
    } catch (error) {
      if (mine !== looking) return;
      if (isAskedAgain(error, request)) look();
      else stall(error);
    }
  }

  /** Takes an answer in, draws it, and asks again in a while. */
  function take(answer) {
    takeIn(answer);
    draw();
    clearTimeout(timer);
    waits = NO_ANSWER_MS;
    if (goesOn()) timer = setTimeout(look, pause(answer));
  }

  function stall(error) {
    clearTimeout(timer);
    state.stalled = error.message;
    draw();
  }

  async function open() {
    try {
      take(await channel.ask({ kind: "ready" }, 0));
    } catch (error) {
      if (error.lost) open();
      else stall(error);
    }
  }

  function awake() {
    if (!state.stalled && goesOn()) look();
  }

  return {
    open,
    awake,
    stall,
    again() {
      state.stalled = null;
      draw();
      open();
    },
    /** Tells whether the cell is out of sight; returns whether that is new. */
    away(isAway) {
      if (away === isAway) return false;
      away = isAway;
      awake();
      return true;
    },
    /** Asks for something; what comes back is taken in, a refusal is shown where it was asked. Resolves to whether it was done. */
    async change(what, at, request) {
      state.busy = what;
      state.error = null;
      looking += 1; // an answer that is on its way is older than this
      draw();
      try {
        const answer = await channel.ask(request);
        state.busy = null;
        take(answer);
        return true;
      } catch (error) {
        state.busy = null;
        state.error = { at, line: error.message };
        draw();
        look();
        return false;
      }
    },
    close() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** A part of a cell: an element whose class is its name. */
function part(name, tag = "div", properties = {}) {
  return h(tag, { class: `ccds-${name}`, ...properties });
}

/** A line for a terminal, which breaks between its words only: not in "--project". */
function command(line) {
  const words = line.split(" ").flatMap((word, place) => [place ? " " : null, h("span", {}, word)]);
  return h("pre", { class: "ccds-command" }, ...words);
}

/** A part for what was refused; hidden until then. */
function errorPart() {
  return part("error", "p", { role: "alert", hidden: true });
}

/**
 * Shows a cell in `el`, and opens it: what it says while it waits for the kernel and when that is busy or lost, and `body`.
 *
 * `actions(state, channel, draw, say)` are its actions, those of `following` among them. `draw(cell)` draws the body from the first
 * answer on, and anew when the size of `sized` changes, if given. Returns the cell: `root`, `act`, `signal`, which aborts when the
 * cell is closed, `show`, `showError` and `close`.
 */
function liveCell({ model, el }, { name, state, actions, draw, body, sized, waiting, busy, lost }) {
  const gone = part("lost", "p", { role: "alert", hidden: true });
  const stalled = part("stalled", "div", { role: "alert", hidden: true });
  const opening = h("p", { class: "ccds-waiting", role: "status" }, waiting);
  const said = part("said", "p", { role: "status", "aria-live": "polite" });
  const root = h("div", { class: `ccds ccds-live ccds-${name}`, tabindex: -1 }, gone, stalled, opening, ...body, said);
  el.append(root);

  const channel = openChannel(model, (isLost) => {
    gone.hidden = !isLost;
    gone.textContent = model.widget_manager?.kernel?.status === "busy" ? busy : lost;
  });
  const drawn = new Map();
  const act = actions(state, channel, drawAll, (text) => {
    said.textContent = text;
  });
  const ending = new AbortController();
  const cell = { root, act, signal: ending.signal, show, showError, close };

  /** Draws into `place`, unless it would look the same: what is read or pointed at stays, and an alert is told once. */
  function show(place, key, make) {
    const text = JSON.stringify(key);
    if (drawn.get(place) === text) return;
    drawn.set(place, text);
    redraw(place, make());
  }

  /** Shows in `place` what was refused at `at`. */
  function showError(place, at) {
    const line = state.error?.at === at ? state.error.line : null;
    place.hidden = !line;
    show(place, line, () => [line]);
  }

  function drawAll() {
    if (!state.stalled && stalled.contains(document.activeElement)) root.focus({ preventScroll: true });
    stalled.hidden = !state.stalled;
    opening.hidden = state.project !== null || Boolean(state.stalled);
    show(stalled, state.stalled, () => [h("span", {}, state.stalled ?? ""), h("button", { class: "ccds-button", "data-focus": "again", onclick: act.again }, "Look again")]);
    if (state.project !== null) draw(cell);
  }

  function close() {
    ending.abort();
    sizes.disconnect();
    sight.disconnect();
    act.close();
    channel.close();
  }

  document.addEventListener("visibilitychange", act.awake, { signal: ending.signal });
  keepKeys(root, ending.signal);
  const sizes = new ResizeObserver(drawAll);
  if (sized) sizes.observe(sized);
  const sight = new IntersectionObserver((seen) => act.away(!seen.at(-1).isIntersecting));
  sight.observe(root);
  act.open();
  return cell;
}
