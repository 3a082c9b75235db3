// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

const REST_MS = 300;
const POLL_MS = 150;

function actions(state, channel, slices, draw, say) {
  const waiting = new Map(); // kind of request → the newest one
  let idle = Promise.resolve();
  let running = false;
  let wished = null; // the volumes asked for, until they are shown
  let restLook = null;
  let restEdit = null;
  let ended = false;
  const probing = newest((asked) => channel.ask({ kind: "probe", ...asked }), takeProbe);
  const trying = newest((asked) => channel.ask({ kind: "try", ...asked }), takeGlimpse);

  /** Asks with the newest question only: while one answer is awaited those that come meanwhile overtake each other. */
  function newest(ask, take) {
    let wanted = null;
    let asking = false;
    return async (question) => {
      wanted = question;
      if (asking || !wanted) return;
      asking = true;
      try {
        while (wanted && !ended) {
          const asked = wanted;
          wanted = null;
          take(await ask(asked), asked);
        }
      } catch (error) {
        act.refuse(error.message);
      } finally {
        asking = false;
      }
    };
  }

  /** Sends a change of volumes or recipe, or what is to be saved, when the one before is done; of several that wait only the newest. */
  function change(kind, request) {
    waiting.delete(kind); // the newest goes last, so that the kernel ends with what the page shows
    waiting.set(kind, { kind, ...request });
    if (!running) idle = work();
    return idle;
  }

  async function work() {
    running = true;
    state.busy = true;
    draw("busy");
    while (waiting.size) {
      const [[kind, request]] = waiting;
      waiting.delete(kind);
      const trouble = kind === "save" ? "saveError" : "error";
      try {
        const { saved } = await follow(request, () => kind !== "save" && waiting.size > 0);
        state[trouble] = null;
        if (kind === "save") say(`Saved as ${saved.file}.`);
      } catch (error) {
        state[trouble] = error.message;
      }
    }
    running = false;
    state.busy = false;
    draw();
    slices.fill();
    attempt();
  }

  /** Asks, then looks how far the kernel is until it is done, or until `overtaken`; the last answer. */
  async function follow(request, overtaken) {
    let answer = await channel.ask(request);
    let shown = null;
    for (;;) {
      absorb(state, answer);
      const now = state.results.map((one) => one?.revision).join();
      if (answer.volumes || (shown !== null && shown !== now)) {
        draw();
        slices.fill();
      } else draw("busy");
      shown = now;
      if ((!answer.working && !answer.fitting) || overtaken() || ended) return answer;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      answer = await channel.ask({ kind: "poll" });
    }
  }

  /** Tries the recipe as it stands on coarser copies. */
  function attempt() {
    if (!firstOf(state)) return;
    const place = state.steps.findIndex(({ id }) => id === state.until);
    trying({ draft: draftOf(state), until: place < 0 ? null : place + 1, plane: state.plane, position: positionOf(state), display: state.display });
  }

  function takeGlimpse(answer, asked) {
    if (answer.again) act.again();
    if (answer.studies) {
      state.glimpse = { studies: answer.studies, buffers: answer.buffers, plane: asked.plane };
      state.effects = { start: answer.start, steps: answer.steps };
      if (state.dirty) state.steps.forEach((step) => (step.error = null));
    } else {
      state.glimpse = null;
      state.effects = answer.slow || answer.again ? state.effects : null;
    }
    draw("glimpse");
  }

  function takeProbe(answer, asked) {
    if (answer.again) act.again();
    else if (!answer.gone) state.probe = { ...answer, side: asked.side, revision: asked.revision, revisions: state.results.filter(Boolean).map(({ revision }) => revision) };
    draw("probe");
  }

  /** Lets the kernel keep what is typed and where one is. */
  async function keep() {
    clearTimeout(restLook);
    try {
      const { unkept } = await channel.ask({ kind: "keep", ...kept(state) });
      if (unkept === state.unkept) return;
      state.unkept = unkept;
      draw("notice");
    } catch (error) {
      act.refuse(error.message);
    }
  }

  /** The same, once the slider rests. */
  function keepLook() {
    clearTimeout(restLook);
    restLook = setTimeout(keep, REST_MS);
  }

  /** Sends the recipe now, where it has changed. */
  function sendEdit() {
    clearTimeout(restEdit);
    restEdit = null;
    return change("edit", { draft: draftOf(state) });
  }

  function sendEditSoon() {
    clearTimeout(restEdit);
    restEdit = setTimeout(sendEdit, REST_MS);
  }

  /** Shows what is looked at now; `what` of the screen changes with it. */
  function look(what) {
    state.probe = null;
    draw(what);
    slices.fill();
    if (state.dirty || state.until !== null) attempt();
    keepLook();
  }

  function changed(apply) {
    apply();
    // While a slider is held the copy of a moment ago stays until the next one; else it would be another recipe's.
    Object.assign(state, { saved: null, dirty: true, glimpse: state.dragging ? state.glimpse : null });
    if (!state.steps.some(({ id, on }) => id === state.until && on)) state.until = null;
  }

  const act = {
    async open() {
      try {
        state.busy = true;
        await follow({ kind: "ready" }, () => waiting.size > 0);
        state.denied = null;
      } catch (error) {
        state.denied = error.message;
      }
      state.busy = running;
      draw();
      slices.fill();
      attempt();
    },
    refuse(line) {
      state.error = line;
      draw("notice");
    },
    /** Other volumes side by side: `of` makes them of those that were asked for last, whose pictures may still be awaited. */
    choose(of) {
      const asked = [...new Set(of(wished ?? state.chosen))].slice(0, MOST_STUDIES);
      if (!asked.length) return;
      wished = asked;
      change("choose", { volumes: asked }).then(() => {
        if (wished === asked) wished = null;
        keepLook();
      });
    },
    beside(file) {
      change("beside", { file });
    },
    compute: sendEdit,
    /** Waits for pictures that the kernel makes anew. */
    again() {
      if (!running) change("poll", {});
    },
    /** Fits the recipe on all volumes: a change of it ends that. */
    fit() {
      clearTimeout(restEdit);
      const draft = draftOf(state);
      Object.assign(state, { fitted: null, fitOf: JSON.stringify(draft) });
      change("fit", { draft });
    },
    async stop() {
      try {
        await channel.ask({ kind: "stop" });
      } catch (error) {
        act.refuse(error.message);
      }
    },
    /** `typing`: more of it may come at once. */
    edit(apply, typing = false) {
      changed(apply);
      if (typing) {
        keep(); // at once: the page may be gone before it is applied
        sendEditSoon();
      } else {
        draw("recipe");
        sendEdit();
      }
      attempt();
    },
    /** A slider is held: coarser copies follow it, the whole volumes wait until it is let go. */
    drag(apply) {
      clearTimeout(restEdit);
      changed(apply);
      state.dragging = true;
      attempt();
    },
    drop() {
      if (!state.dragging) return;
      state.dragging = false;
      keep();
      sendEditSoon();
    },
    showAfter(step) {
      state.until = step?.id ?? null;
      say(step ? `Shown after ${step.name}.` : "Shown after all steps.");
      draw("glimpse");
      slices.fill();
      attempt();
    },
    move(step, by) {
      const from = state.steps.indexOf(step);
      act.edit(() => state.steps.splice(from + by, 0, ...state.steps.splice(from, 1)));
      say(`${step.name} is step ${from + by + 1} now.`);
    },
    remove(step) {
      act.edit(() => state.steps.splice(state.steps.indexOf(step), 1));
      say(`${step.name} removed.`);
    },
    add(name) {
      const form = state.forms.find((one) => one.name === name);
      if (!form) return;
      const parameters = Object.fromEntries(form.fields.map(({ parameter, start }) => [parameter, start]));
      act.edit(() => state.steps.push(withId({ name, on: true, parameters, error: null })));
      say(`${name} added as step ${state.steps.length}.`);
    },
    rename(name) {
      state.name = name;
      keep();
    },
    /** Saves what the page shows now, after what is being computed. */
    save() {
      if (restEdit) sendEdit();
      change("save", { name: state.name, draft: draftOf(state) });
    },
    async copy(element) {
      const range = document.createRange();
      range.selectNodeContents(element);
      document.getSelection().removeAllRanges();
      document.getSelection().addRange(range);
      try {
        await navigator.clipboard.writeText(element.textContent);
        say("Copied.");
      } catch {
        say("Selected: copy it with Ctrl+C."); // a page without https may not write to the clipboard
      }
    },
    plane(plane) {
      state.plane = plane;
      look("view");
    },
    display(display) {
      state.display = display;
      look("view");
    },
    nextDisplay() {
      const at = DISPLAYS.findIndex(([, one]) => sameDisplay(one, state.display));
      act.display(DISPLAYS[(at + 1) % DISPLAYS.length][1]);
    },
    goTo(station) {
      if (!firstOf(state)) return;
      const line = lineOf(state);
      state.positions[state.plane] = line.at(Math.min(Math.max(station, 0), line.count - 1));
      look("slice");
    },
    step(by) {
      if (firstOf(state)) act.goTo(stationOf(state) + by);
    },
    /** Asks for the values under the pointer. */
    probe(picture, pixel) {
      probing(picture.drawn && { side: picture.side, ...picture.drawn, ...pixel });
    },
    end() {
      ended = true;
      clearTimeout(restLook);
      clearTimeout(restEdit);
    },
  };
  return act;
}

function sameDisplay(one, other) {
  return one?.center === other?.center && one?.width === other?.width;
}
