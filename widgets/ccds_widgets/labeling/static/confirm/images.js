// The study's images beside its report: one axial slice, turned by the wheel or by ↑ ↓, with the windows that CT is read in.

const USUAL = ["usual", 0, 0]; // the kernel chooses

function imagePane(context) {
  const canvas = h("canvas", { class: "ccds-slice", tabindex: 0, "aria-label": "Axial slice; ↑ ↓ turn the slices" });
  const caption = h("p", { class: "ccds-muted", role: "status" });
  const tools = h("div", { class: "ccds-toolbar" });
  const element = h("section", { class: "ccds-images", "aria-label": "Images", hidden: true }, tools, canvas, caption);
  const shown = { study: null, series: [], at: 0, number: null, slices: 0, window: 0 };
  let wanted = null;
  let asking = false;
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    turn(Math.sign(event.deltaY));
  }, { signal: context.signal, passive: false });

  async function show(study) {
    if (shown.study === study) return;
    Object.assign(shown, { study, series: [], at: 0, number: null, slices: 0 });
    canvas.hidden = true;
    tools.replaceChildren();
    caption.textContent = "Looking for images …";
    try {
      const { series } = await context.channel.ask({ kind: "series", study });
      if (shown.study !== study) return;
      if (!series.length) {
        caption.textContent = "This project has no images of this study.";
        return;
      }
      shown.series = series;
      drawTools();
      ask();
    } catch (error) {
      caption.textContent = error.message;
    }
  }

  function drawTools() {
    const { series, at } = shown;
    const choose = (event) => {
      Object.assign(shown, { at: Number(event.target.value), number: null });
      drawTools();
      ask();
    };
    redraw(
      tools,
      series.length > 1 ? h("select", { class: "ccds-field", "data-focus": "series", "aria-label": "Series", onchange: choose }, ...series.map(({ id }, order) => h("option", { value: order, selected: order === at }, id))) : h("b", {}, series[0].id),
      ...series[at].windows.map(([name], order) =>
        h("button", { class: "ccds-button", "data-focus": `window-${order}`, "aria-pressed": String(order === shown.window), onclick: () => (Object.assign(shown, { window: order }), drawTools(), ask()) }, name),
      ),
    );
  }

  /** Asks for the slice that is wanted, one at a time: what was turned past meanwhile is never asked for. */
  async function ask() {
    const { study, series, at, window } = shown;
    const [, low, high] = series[at].windows[window] ?? USUAL;
    wanted = { kind: "slice", study, series: series[at].id, number: shown.number ?? 0, low, high };
    if (asking) return;
    asking = true;
    while (wanted && !element.hidden) {
      const mine = wanted;
      wanted = null;
      try {
        const answer = await context.channel.ask(mine);
        if (mine.study !== shown.study || mine.series !== shown.series[shown.at].id) continue;
        shown.slices = answer.slices;
        if (shown.number === null) { // how many slices there are is known by now
          shown.number = Math.floor(answer.slices / 2);
          wanted = { ...mine, number: shown.number };
          continue;
        }
        paint(answer);
      } catch (error) {
        if (mine.study === shown.study) caption.textContent = error.message;
      }
    }
    asking = false;
  }

  function paint({ size: [columns, rows], number, slices, aspect, edges, buffers }) {
    Object.assign(canvas, { width: columns, height: rows, hidden: false });
    canvas.style.aspectRatio = String(columns / (rows * aspect));
    const grey = new Uint8Array(buffers[0].buffer, buffers[0].byteOffset, columns * rows);
    const picture = new ImageData(columns, rows);
    const pixels = new Uint32Array(picture.data.buffer);
    grey.forEach((shade, at) => (pixels[at] = 0xff000000 | (shade << 16) | (shade << 8) | shade));
    canvas.getContext("2d").putImageData(picture, 0, 0);
    caption.textContent = `Slice ${number + 1} of ${slices}; the left edge is ${edges[0]}, the top edge ${edges[2]}`;
  }

  function turn(by) {
    if (shown.number === null) return;
    shown.number = Math.min(Math.max(shown.number + by, 0), shown.slices - 1);
    ask();
  }

  return { element, show, turn };
}
