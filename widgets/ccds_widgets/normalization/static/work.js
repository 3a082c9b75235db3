// How far the whole volumes are, and the way to stop them: they are made beside, while the page stays usable.

function drawWork(state, act) {
  const button = (text, run) => h("button", { class: "ccds-link", type: "button", "data-focus": "work", onclick: run }, text);
  const { working, fitting, fitted, stopped } = state;
  if (fitting) return [h("span", {}, `Fitting on all volumes: ${fitting.task} of ${fitting.tasks} …`), button("Stop", act.stop)];
  if (working) {
    const which = working.tasks > 1 ? `, volume ${working.task} of ${working.tasks}` : "";
    return [h("span", {}, `Whole ${working.tasks > 1 ? "volumes" : "volume"}${which}: ${working.doing || "waiting"} …`), button("Stop", act.stop)];
  }
  if (stopped) return [h("span", {}, firstOf(state) ? "Stopped: the pictures are older than the recipe." : "Stopped: there are no pictures."), button("Compute", act.compute)];
  if (state.dragging || (state.glimpse && (state.dirty || state.until !== null))) {
    const what = state.dragging ? "the slider" : state.until === null ? "the recipe" : "the steps";
    return [h("span", {}, `A coarser copy follows ${what}: its percentiles and means are slightly others.`)];
  }
  if (isOlder(state) && !state.busy) return [h("span", {}, "The recipe can’t be applied: see what is marked.")];
  if (fitted) return [h("span", {}, fitted)];
  return [h("span", { class: "ccds-muted" }, "Pictures are of whole volumes, as every study will be.")];
}
