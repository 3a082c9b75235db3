// Everything that can be asked for, and when the kernel is asked what was measured.

const LOOK_MS = 700;
const NO_ANSWER_MS = 20000; // then it is asked again: a connection that was lost brings no answer back

function actions(state, channel, draw, say) {
  let timer = null;
  let ended = false;
  let away = false;
  let looking = 0;
  let listing = false; // whether recipes are asked for

  async function look() {
    clearTimeout(timer);
    if (ended || away || document.hidden || state.project === null) return;
    looking += 1;
    const mine = looking;
    timer = setTimeout(look, NO_ANSWER_MS);
    try {
      const answer = await channel.ask({ kind: "look", turn: state.turn, count: state.count });
      if (mine === looking && !ended) take(answer);
    } catch (error) {
      if (mine !== looking) return;
      if (error.lost) look();
      else stall(error);
    }
  }

  function take(answer) {
    const wasAtWork = state.at_work;
    absorb(state, answer);
    if (wasAtWork && !state.at_work) say(`All volumes are measured. ${counted(state.unlike.length, "volume")} unlike the others.`);
    draw();
    clearTimeout(timer);
    if (state.at_work) timer = setTimeout(look, state.behind ? 0 : LOOK_MS);
  }

  function stall(error) {
    clearTimeout(timer);
    state.stalled = error.message;
    draw();
  }

  async function change(request) {
    state.busy = true;
    state.error = null;
    looking += 1; // an answer that is on its way is older than this
    draw();
    try {
      take(await channel.ask(request));
      return true;
    } catch (error) {
      state.error = error.message;
      look();
      return false;
    } finally {
      state.busy = false;
      draw();
    }
  }

  const act = {
    async open() {
      try {
        take(await channel.ask({ kind: "ready" }, 0));
      } catch (error) {
        if (error.lost) act.open();
        else stall(error);
      }
    },
    again() {
      state.stalled = null;
      draw();
      act.open();
    },
    awake: () => state.at_work && look(),
    away(isAway) {
      if (away === isAway) return;
      away = isAway;
      if (state.at_work && !state.stalled) look();
      if (!away) act.recipes();
    },
    close() {
      ended = true;
      clearTimeout(timer);
    },
    name: (place) => state.volumes[place].id,
    measure(measure) {
      state.measure = measure;
      draw();
    },
    /** Lists the recipes anew: one may have been saved in the preview above. */
    async recipes() {
      if (ended || listing || state.busy || state.stalled || !state.volumes.length) return;
      listing = true;
      try {
        const { recipes, recipe } = await channel.ask({ kind: "recipes" });
        if (!state.busy && !ended) Object.assign(state, { recipes, recipe });
        draw();
      } catch (error) {
        if (!error.lost) stall(error);
      } finally {
        listing = false;
      }
    },
    recipe: (file) => change({ kind: "recipe", file }),
    async choose(place) {
      if (await change({ kind: "choose", volume: place })) say(`${state.volumes[place].id} is opened in the preview.`);
    },
  };
  return act;
}
