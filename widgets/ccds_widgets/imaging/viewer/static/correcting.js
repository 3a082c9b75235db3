// Correcting a mask: strokes, undo, saving and leaving, told to the kernel one after the other.

/** The mask that is shown, or was before it was hidden, or else the newest; null where there is none. */
function maskToCorrect({ mask, lastMask, masks }) {
  return mask ?? lastMask ?? masks.at(-1)?.id ?? null;
}

/**
 * What corrects the mask of the volume in `state`. `hooks`: tell(request), planeOf(name), showDialog(dialog), complain(line),
 * said(line), drawAll(). `strokes` are those that the kernel hasn't drawn yet.
 */
function correction(state, hooks) {
  const strokes = [];
  let queue = Promise.resolve();
  let isSaving = false;

  /** One after the other: what is drawn, taken back and saved keeps its order. */
  function inTurn(work) {
    queue = queue.then(async () => {
      try {
        await work();
      } catch (error) {
        state.nonce += 1; // what was painted ahead is drawn anew from what the kernel has
        hooks.complain(error.message);
      }
      hooks.drawAll();
    });
  }

  async function tell(request) {
    const answer = await hooks.tell(request);
    hooks.complain(null);
    state.drawing = answer.drawing;
    return answer;
  }

  function drawn(stroke) {
    strokes.push(stroke);
    const { label, onlyEmpty } = state;
    inTurn(async () => {
      try {
        await tell({ kind: "stroke", plane: stroke.plane, number: stroke.number, label, over: onlyEmpty && label ? 0 : null, runs: stroke.runs });
      } finally {
        strokes.splice(strokes.indexOf(stroke), 1);
      }
    });
  }

  const begin = () => inTurn(() => tell({ kind: "begin", mask: maskToCorrect(state) }));
  const drop = () => inTurn(() => tell({ kind: "drop" }));

  const undo = () =>
    inTurn(async () => {
      const { undone } = await tell({ kind: "undo" });
      if (!undone) return;
      const [name, number] = undone; // is looked at, so that nothing is taken back unseen
      const plane = hooks.planeOf(name);
      const [x, y] = pixelOf(plane, state.voxel);
      state.voxel = voxelAt(plane, [x, y, number]);
    });

  function save() {
    if (isSaving) return; // the key was pressed twice
    isSaving = true;
    inTurn(async () => {
      try {
        const { masks, kept } = await tell({ kind: "keep" });
        Object.assign(state, { masks, mask: kept });
        hooks.said("The mask is saved.");
      } finally {
        isSaving = false;
      }
    });
  }

  function leave() {
    if (!state.drawing.changed && !strokes.length) {
      drop();
      return;
    }
    const dialog = h(
      "dialog",
      { "aria-label": "Leave the correction" },
      h("h2", {}, "Throw away what you drew since the mask was saved?"),
      h("div", { class: "ccds-toolbar" }, h("button", { class: "ccds-button", autofocus: true, onclick: () => dialog.close() }, "Go on drawing"), h("button", { class: "ccds-button", onclick: () => (dialog.close(), drop()) }, "Throw it away")),
    );
    hooks.showDialog(dialog);
  }

  return { strokes, drawn, begin, undo, save, leave };
}
