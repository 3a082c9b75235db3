// The screen: its parts, when they are drawn, and what it listens to.

const WORKING = { agreement: "Working out how labelers agree …", labelers: "Comparing labelers with the gold set …", batches: "Counting …", cases: "Looking for disagreements …", labels: "Reading …" };

function assessScreen(context) {
  const kept = sessionStorage.getItem(`ccds-assess-${context.project}`);
  const state = {
    task: context.task,
    part: PARTS.some(([name]) => name === kept) ? kept : "agreement",
    overview: null,
    error: null,
    agreement: null,
    question: 0,
    measure: "raw",
    labelers: null,
    batches: null,
    cases: null,
    at: 0,
    shown: null, // the study on the screen
    chosen: new Set(), // the labels that are pressed, where they don't exclude each other
    names: true,
    labels: null,
    taking: false,
  };
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const parts = {
    tabs: part("parts", "div", { role: "tablist", "aria-label": "Parts" }),
    error: part("error", "p", { role: "alert", hidden: true }),
    body: part("assess-body", "div", { role: "tabpanel", tabindex: 0 }),
    bar: part("cases-top"),
    list: part("case-rows", "nav", { "aria-label": "Studies" }),
    report: part("case", "article", { tabindex: 0, "aria-label": "Report" }),
    verdict: part("verdict-side", "aside", { "aria-label": "What each said, and your final word" }),
  };
  const cases = h("div", { class: "ccds-cases", role: "tabpanel", hidden: true }, parts.bar, h("div", { class: "ccds-case-columns" }, parts.list, parts.report, parts.verdict));
  const element = h("div", { class: "ccds-assess" }, parts.tabs, parts.error, parts.body, cases);
  const marks = tellMarks(element, context.signal);
  const act = actions(state, context, draw);
  drawAtEachWidth(parts.body, drawCharts, context.signal);

  function draw(what = "all") {
    redraw(parts.tabs, PARTS.map(([name, title]) => tab(name, title)));
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    const isCases = state.part === "cases";
    cases.hidden = !isCases || !state.cases;
    parts.body.hidden = isCases && Boolean(state.cases);
    parts.body.setAttribute("aria-label", PARTS.find(([name]) => name === state.part)[1]);
    if (!state[state.part]) {
      redraw(parts.body, state.error ? null : h("div", { class: "ccds-waiting", role: "status" }, waitingFor()));
      return;
    }
    if (isCases) {
      parts.body.replaceChildren();
      drawStudies(what);
    } else {
      redraw(parts.body, { agreement: drawAgreement, labelers: drawLabelers, batches: drawBatches, labels: drawLabels }[state.part](state, act));
      drawCharts();
    }
  }

  function waitingFor() {
    return state.overview?.ratings ? `${WORKING[state.part].replace(" …", "")}: ${counted(state.overview.ratings, "answer")} …` : WORKING[state.part];
  }

  function drawStudies(what) {
    if (what !== "case") {
      redraw(parts.bar, drawCases(state, act));
      redraw(parts.list, drawCaseList(state, act));
      parts.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    }
    const before = parts.report.dataset.study;
    redraw(parts.report, drawCase(state, act));
    redraw(parts.verdict, drawVerdict(state, act));
    parts.report.dataset.study = state.shown?.study ?? "";
    if (state.shown && before !== state.shown.study) {
      parts.report.scrollTop = 0;
      document.getElementById("ccds-case-note").value = state.shown.final?.note ?? "";
      parts.report.querySelector("[data-decides=true]")?.scrollIntoView({ block: "center" });
    }
  }

  function drawCharts() {
    if (state.part !== "labelers" || !state.labelers || !parts.body.clientWidth) return;
    drawWindows(parts.body, state.labelers);
    marks.settle();
  }

  function tab(name, title) {
    const open = state.overview ? state.overview.totals.disputed + state.overview.totals.flagged : 0;
    return h(
      "button",
      { class: "ccds-tab", role: "tab", "data-focus": `part-${name}`, "aria-selected": String(name === state.part), onclick: () => act.part(name) },
      title,
      name === "cases" && open ? h("b", { class: "ccds-open" }, grouped(open)) : null,
    );
  }

  return {
    element,
    keys: KEYS,
    open: () => act.open(),
    close() {},
    pressed: (event) => pressed(event, state, act, parts),
  };
}
