// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

const REST_MS = 300;

function actions(state, channel, slices, draw, say) {
  const waiting = new Map(); // kind of request → the newest one
  let idle = Promise.resolve();
  let running = false;
  let restLook = null;
  let restEdit = null;
  let probing = false;
  let wantedProbe = null;

  /** Sends a change of volume or recipe, or what is to be saved, when the one before is done; of several that wait only the newest. */
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
        const answer = await channel.ask(request);
        absorb(state, answer);
        state[trouble] = null;
        if (kind === "save") say(`Saved as ${answer.saved.file}.`);
      } catch (error) {
        state[trouble] = error.message;
      }
    }
    running = false;
    state.busy = false;
    draw();
    slices.fill();
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

  /** Shows what is looked at now; `what` of the screen changes with it. */
  function look(what) {
    state.probe = null;
    draw(what);
    slices.fill();
    keepLook();
  }

  const act = {
    async open() {
      try {
        absorb(state, await channel.ask({ kind: "ready" }));
        state.denied = null;
      } catch (error) {
        state.denied = error.message;
      }
      draw();
      slices.fill();
    },
    refuse(line) {
      state.error = line;
      draw("notice");
    },
    choose(volume) {
      change("choose", { volume }).then(keepLook);
    },
    /** `typing`: more of it may come at once. */
    edit(apply, typing = false) {
      apply();
      state.saved = null;
      clearTimeout(restEdit);
      if (typing) {
        keep(); // at once: the page may be gone before it is applied
        restEdit = setTimeout(sendEdit, REST_MS);
      } else {
        draw("recipe");
        sendEdit();
      }
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
      if (!state.result) return;
      const { stations } = planeOf(state);
      state.positions[state.plane] = stations[Math.min(Math.max(station, 0), stations.length - 1)][0];
      look("slice");
    },
    step(by) {
      if (state.result) act.goTo(stationOf(state) + by);
    },
    /** Asks for the values under the pointer; while one answer is awaited only the newest place counts. */
    async probe(picture, pixel) {
      wantedProbe = picture.drawn && { side: picture.side, ...picture.drawn, ...pixel };
      if (probing || !wantedProbe) return;
      probing = true;
      try {
        while (wantedProbe) {
          const asked = wantedProbe;
          wantedProbe = null;
          const answer = await channel.ask({ kind: "probe", ...asked });
          if (!answer.gone) state.probe = { ...answer, side: asked.side };
          draw("probe");
        }
      } catch (error) {
        act.refuse(error.message);
      } finally {
        probing = false;
      }
    },
    end() {
      clearTimeout(restLook);
      clearTimeout(restEdit);
    },
  };
  return act;
}

function sameDisplay(one, other) {
  return one?.center === other?.center && one?.width === other?.width;
}
