// The screen: its parts, when they are drawn, and what it listens to.

const KEPT = "ccds-cluster";
const BESIDE = 900; // wide enough for two charts beside each other
const GAP = 32;

function render({ model, el }) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  const state = { screen: null, error: null };
  const ending = new AbortController();
  const { signal } = ending;
  const titles = new Map();
  const section = (name, ...children) => {
    const title = h("h3", {});
    titles.set(name, title);
    return h("section", {}, title, ...children);
  };
  const part = (properties) => h("div", properties);
  const parts = {
    lost: lostBanner("What you see is what was published when you opened it."),
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    head: h("header", { class: "ccds-head" }),
    choice: part({ class: "ccds-choice" }),
    tiles: part({ class: "ccds-verdicts" }),
    words: part({ class: "ccds-words" }),
    hours: part({ class: "ccds-figure" }),
    groups: part({ class: "ccds-pair" }),
    waits: part({ class: "ccds-figure" }),
    idle: part({ class: "ccds-figure" }),
    ends: part({ class: "ccds-pair" }),
    few: part({}),
    tables: h("details", { class: "ccds-tables" }),
    said: h("p", { class: "ccds-said", role: "status", "aria-live": "polite" }),
  };
  const enough = h(
    "div",
    {},
    parts.choice,
    parts.tiles,
    parts.words,
    section("hours", parts.hours),
    section("groups", parts.groups),
    section("waits", parts.waits),
    section("idle", parts.idle),
    section("ends", parts.ends),
    parts.tables,
  );
  const body = h("div", { class: "ccds-body", hidden: true }, parts.error, parts.head, enough, parts.few);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening what is published …"));
  const root = h("div", { class: "ccds ccds-report ccds-cluster", "data-lm-suppress-shortcuts": true }, fills(), parts.lost, cover, body, parts.said);
  el.append(root);

  const channel = openChannel(model, (lost) => {
    parts.lost.hidden = !lost;
  });
  const marks = tellMarks(root, signal);
  const act = {
    async open() {
      try {
        take(await channel.ask({ kind: "ready" }, 0));
        if (state.screen?.chosen && kept) await act.show(kept);
      } catch (error) {
        cover.replaceChildren(emptyState("This app can’t be opened", error.message));
        cover.setAttribute("role", "alert");
      }
    },
    async show({ grain = state.screen.grain, period }) {
      state.error = null;
      try {
        take(await channel.ask({ kind: "show", grain, period }));
        parts.said.textContent = held(state.screen?.chosen ? `${state.screen.chosen.when}. ${state.screen.chosen.sentences.join(" ")}` : "");
      } catch (error) {
        state.error = error.message;
        draw();
      }
    },
  };

  function take({ screen }) {
    state.screen = screen;
    if (screen?.chosen) sessionStorage.setItem(KEPT, JSON.stringify({ grain: screen.grain, period: screen.chosen.name }));
    draw();
  }

  function draw() {
    const { screen } = state;
    cover.hidden = Boolean(screen);
    body.hidden = !screen;
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    if (!screen) {
      cover.removeAttribute("role");
      redraw(cover, nothingPublished());
      return;
    }
    redraw(parts.head, drawHead(screen));
    enough.hidden = !screen.chosen;
    parts.few.hidden = Boolean(screen.chosen);
    redraw(parts.few, emptyState("Nothing to show yet", screen.nothing));
    if (!screen.chosen) return;
    const { chosen, unit } = screen;
    const words = { hours: `GPU-hours by ${unit}`, groups: `Who held GPUs: ${chosen.when}`, waits: `Waits by ${unit} in which the node was asked for`, idle: `Idle share of GPU-hours by ${unit}`, ends: `How sessions and trainings ended: ${chosen.when}` };
    for (const [name, title] of titles) title.textContent = words[name];
    redraw(parts.choice, drawChoice(screen, act));
    redraw(parts.tiles, drawTiles(screen));
    redraw(parts.words, drawWords(screen));
    redraw(parts.groups, chosen.groups.map((group) => drawGroup(screen, group)));
    redraw(parts.ends, chosen.ends.map(drawEnds));
    redraw(parts.tables, h("summary", { "data-focus": "tables" }, "The same numbers as tables"), drawTables(screen));
    drawCharts();
  }

  function drawCharts() {
    const { screen } = state;
    if (!screen?.chosen) return;
    const room = parts.hours.clientWidth;
    const half = room < BESIDE ? room : Math.floor((room - GAP) / 2);
    const nodes = screen.classes.filter(({ key }) => key in screen.periods[0].waits);
    redraw(parts.hours, classesLegend(screen), drawHours(screen, room, act));
    redraw(parts.waits, waitsLegend(screen), h("div", { class: "ccds-pair" }, nodes.map((node) => h("figure", {}, h("h4", {}, node.name), drawWaits(screen, node, half, act)))));
    redraw(parts.idle, idleLegend(screen), drawIdle(screen, room, act));
    marks.settle();
  }

  drawAtEachWidth(root, drawCharts, signal);
  openWhilePrinted(parts.tables, signal);
  act.open();

  return () => {
    ending.abort();
    channel.close();
  };
}

export default { render };
