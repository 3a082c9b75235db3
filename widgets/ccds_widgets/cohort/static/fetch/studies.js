// The studies, a card each: those that aren't there first, with their cause, tries and the time of the last.

const LISTS = [
  ["missing", "Not there", ({ failed, refused }) => failed + refused],
  ["waiting", "Waiting", ({ waiting }) => waiting],
  ["running", "Being fetched", ({ running, interrupted }) => running + interrupted],
  ["arrived", "Arrived", ({ arrived }) => arrived],
];

const EMPTY = {
  missing: ["Nothing is missing", "Studies that fail or are refused stand here, each with its cause."],
  waiting: ["Nothing waits", "Studies that are put into the queue wait here for their turn."],
  running: ["Nothing is being fetched", "Studies stand here while they are on their way."],
  arrived: ["Nothing has arrived yet", "Studies stand here when they are in the project, whole and proven."],
};

function drawLists(state, act) {
  const { counts, wanted } = state;
  const one = ([name, title, number]) =>
    h(
      "label",
      { class: "ccds-which-one" },
      h("input", { type: "radio", name: "ccds-fetch-list", class: "ccds-said", "data-focus": `list-${name}`, checked: !wanted.study && wanted.which === name, onchange: () => act.list(name) }),
      title,
      " ",
      h("b", {}, grouped(number(counts))),
    );
  const field = h("input", {
    class: "ccds-field ccds-key-field",
    "data-focus": "study",
    "aria-label": "Study key: Enter shows its study",
    placeholder: "Study key",
    maxlength: 40,
    spellcheck: "false",
    autocomplete: "off",
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      act.find(event.target.value.trim());
    },
  });
  field.value = state.sought;
  return [
    h("fieldset", { class: "ccds-which" }, h("legend", { class: "ccds-said" }, "Which studies"), LISTS.map(one)),
    h("span", { class: "ccds-space" }),
    field,
    state.mayWrite && state.retriable ? h("button", { class: "ccds-button", type: "button", "data-focus": "retry-all", title: "Every study that failed waits again", disabled: state.busy, onclick: () => act.retry(null) }, "Try all again", h("kbd", {}, "Shift+R")) : null,
  ];
}

/** Why studies aren't there, most of them first: each narrows the list. */
function drawCauses(state, act) {
  const { list, causes } = state;
  if (list.which !== "missing" || list.study || causes.length < 2) return [];
  return [
    h("div", { class: "ccds-causes", role: "group", "aria-label": "Causes" }, causes.map(({ cause, studies }) => h("button", { class: "ccds-code", type: "button", "data-focus": `cause-${cause}`, "aria-pressed": String(list.cause === cause), onclick: () => act.cause(list.cause === cause ? null : cause) }, h("b", {}, grouped(studies)), cause))),
  ];
}

function drawStudies(state, act) {
  const { list } = state;
  if (!list.rows.length) return [list.study ? emptyState("No study of that key", "Nobody has asked for one; look whether the key is whole.") : emptyState(...EMPTY[list.which])];
  return [h("ul", { class: "ccds-studies" }, list.rows.map((row, at) => card(row, at, state, act))), pager(list, (number) => counted(number, "study"), (begin) => act.turn(begin))];
}

/** How many instances a study has, or how many of them came. */
function instances({ state, attempts, received, announced }) {
  if (state === "arrived") return counted(received, "instance");
  if (announced === null) return null;
  return attempts && state !== "running" ? `${grouped(received)} of ${counted(announced, "instance")} came` : counted(announced, "instance");
}

function card(row, at, state, act) {
  const told = [
    instances(row),
    row.attempts ? `tried ${row.attempts} of ${state.mostAttempts}` : row.tried ? "to be tried anew" : "not tried yet",
    row.tried ? `${row.state === "running" ? "since" : "last"} ${moment(row.tried)}` : null,
    `asked for by ${row.by}`,
  ];
  const current = row.study === state.current;
  return h(
    "li",
    { class: "ccds-study", tabindex: current || (!state.current && !at) ? 0 : -1, "data-study": row.study, "data-focus": `study-${row.study}`, "aria-label": `Study ${row.study}, ${STATES[row.state].word}`, onfocus: () => act.current(row.study) },
    h("div", { class: "ccds-study-line" }, h("code", {}, row.study), stateChip(row.state), row.urgent ? h("span", { class: "ccds-chip", "data-tone": 5 }, "ahead of all") : null),
    row.cause && row.state !== "arrived" ? h("p", { class: "ccds-cause" }, `${row.cause[0].toUpperCase()}${row.cause.slice(1)}.`) : null,
    h("p", { class: "ccds-muted" }, held(told.filter(Boolean).join(" · "))),
    state.mayWrite ? drawActs(row, state, act) : null,
  );
}

function drawActs(row, state, act) {
  if (row.can_retry) return h("div", { class: "ccds-study-acts" }, h("button", { class: "ccds-button", type: "button", "data-focus": `retry-${row.study}`, disabled: state.busy, onclick: () => act.retry(row.study) }, "Try again", h("kbd", {}, "r")));
  if (row.can_hurry) return h("div", { class: "ccds-study-acts" }, h("button", { class: "ccds-button", type: "button", "data-focus": `hurry-${row.study}`, disabled: state.busy, onclick: () => act.hurry(row.study) }, "Fetch it first", h("kbd", {}, "a")));
  return row.why_not ? h("p", { class: "ccds-muted" }, row.why_not) : null;
}
