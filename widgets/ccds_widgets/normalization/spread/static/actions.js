// Everything that can be asked for, and when the kernel is asked what was measured.

const LOOK_MS = 700;

function actions(state, channel, draw, say) {
  let listing = false; // whether recipes are asked for

  const live = following(state, channel, draw, {
    question: () => ({ kind: "look", turn: state.turn, count: state.count }),
    takeIn(answer) {
      const wasAtWork = state.at_work;
      absorb(state, answer);
      if (wasAtWork && !state.at_work) say(`All volumes are measured. ${counted(state.unlike.length, "volume")} unlike the others.`);
    },
    pause: () => (state.behind ? 0 : LOOK_MS),
    goesOn: () => state.at_work,
  });

  const act = {
    ...live,
    away(isAway) {
      if (live.away(isAway) && !isAway) act.recipes();
    },
    name: (place) => state.volumes[place].id,
    measure(measure) {
      state.measure = measure;
      draw();
    },
    /** Lists the recipes anew: one may have been saved in the preview above. */
    async recipes() {
      if (listing || state.busy || state.stalled || !state.volumes.length) return;
      listing = true;
      try {
        const { recipes, recipe } = await channel.ask({ kind: "recipes" });
        if (!state.busy) Object.assign(state, { recipes, recipe });
        draw();
      } catch (error) {
        if (!error.lost) live.stall(error);
      } finally {
        listing = false;
      }
    },
    recipe: (file) => live.change("recipe", "view", { kind: "recipe", file }),
    async choose(place) {
      if (await live.change("choose", "view", { kind: "choose", volume: place })) say(`${state.volumes[place].id} is opened in the preview.`);
    },
  };
  return act;
}
