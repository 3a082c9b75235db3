// Putting the studies of kept criteria into the queue: the archive is asked, its counts are confirmed. And what was asked for before.

function drawPutting(state, act) {
  if (!state.mayWrite) return [];
  return [
    h("h2", {}, "Put studies into the queue"),
    ...state.damaged.map((line) => h("p", { class: "ccds-error" }, line)),
    ...(state.kept.length ? drawChoosing(state, act) : [drawNothingKept(state, act)]),
    state.askError ? h("p", { class: "ccds-error", role: "alert" }, state.askError) : null,
    state.counting ? drawAsking(state.counting, act) : null,
    state.confirm ? drawConfirm(state, act) : null,
    state.done ? h("p", { class: "ccds-done" }, state.done) : null,
  ];
}

function drawNothingKept(state, act) {
  return h("p", { class: "ccds-muted" }, "No criteria are kept yet. ", h("button", { class: "ccds-link", type: "button", "data-focus": "to-ask", onclick: act.toAsk }, "Choose and keep some"), ".");
}

function drawChoosing(state, act) {
  const { kept, chosen } = state;
  const one = kept.find(({ named }) => named === chosen) ?? kept[0];
  const busy = Boolean(state.counting || state.confirm || state.busy);
  return [
    h(
      "div",
      { class: "ccds-ask-line" },
      h(
        "label",
        { class: "ccds-labelled ccds-wide" },
        "Kept criteria",
        h("select", { class: "ccds-field", "data-focus": "criteria", disabled: busy, onchange: (event) => act.choose(event.target.value) }, kept.map(({ named }) => h("option", { value: named, selected: named === one.named }, named))),
      ),
      drawAskFor(one, busy, state, act),
    ),
    h("p", { class: "ccds-muted" }, criteriaLine(one), `, kept by ${one.by} ${moment(one.at)}`),
    drawElsewhere(state.reach),
  ];
}

/** The button that has the archive asked: from here, or by the site. */
function drawAskFor({ named }, busy, state, act) {
  const { where } = state.reach;
  if (where === "nowhere") return null;
  if (where === "site") return h("button", { class: "ccds-button ccds-low ccds-primary", type: "button", "data-focus": "leave", disabled: busy, onclick: () => act.leave(named) }, "Let the site ask");
  return h("button", { class: "ccds-button ccds-low", type: "button", "data-focus": "ask", disabled: busy, onclick: () => act.ask(named) }, "Ask the archive", h("kbd", {}, "q"));
}

/** What the archive answered, to be confirmed before anything is put into the queue. */
function drawConfirm(state, act) {
  const { confirm } = state;
  const none = !confirm.new;
  return h(
    "section",
    { class: "ccds-confirm", "aria-label": `Confirm ${confirm.named}` },
    h("h3", {}, confirm.named),
    drawSum(confirm),
    h("p", {}, none ? "All of them were asked for before: there is nothing to put into the queue." : h("b", {}, confirm.new === confirm.studies ? `${counted(confirm.new, "study")} will be fetched.` : `${counted(confirm.new, "study")} will be fetched; ${grouped(confirm.studies - confirm.new)} were asked for before and stay what they are.`)),
    h(
      "div",
      { class: "ccds-ask-line" },
      none ? null : h("button", { class: "ccds-button ccds-primary", type: "button", "data-focus": "put", disabled: state.busy, onclick: act.put }, `Put ${counted(confirm.new, "study")} into the queue`, h("kbd", {}, "y")),
      h("button", { class: "ccds-button", type: "button", "data-focus": "drop", disabled: state.busy, onclick: act.drop }, none ? "Close" : "Not now", h("kbd", {}, "Esc")),
    ),
    h("div", { class: "ccds-figure ccds-confirm-months" }),
  );
}

/** One study that somebody waits for. Its accession number goes to the kernel and is forgotten here. */
function drawSingle(state, act) {
  if (!state.mayWrite || state.reach.where !== "here") return [];
  const { busy, told } = state.single;
  const field = h("input", {
    class: "ccds-field",
    "data-focus": "accession",
    maxlength: 64,
    disabled: busy,
    autocomplete: "off",
    spellcheck: "false",
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      act.single(field);
    },
  });
  return [
    h("h2", {}, "One study that somebody waits for"),
    h("div", { class: "ccds-ask-line" }, h("label", { class: "ccds-labelled ccds-wide" }, "Accession number", field), h("button", { class: "ccds-button ccds-low", type: "button", "data-focus": "single", disabled: busy, onclick: () => act.single(field) }, busy ? "Asking …" : "Fetch it first")),
    told
      ? h("p", { class: told.study ? "ccds-done" : "ccds-error", role: told.study ? undefined : "alert" }, told.line, told.study ? [" ", h("button", { class: "ccds-link", type: "button", "data-focus": "single-study", onclick: () => act.find(told.study) }, `Study ${told.study}`)] : null)
      : h("p", { class: "ccds-muted" }, "It goes ahead of all others, if the IRB application covers it; where nobody fetches, fetching begins with it."),
  ];
}

function drawRequested({ requested }) {
  if (!requested.length) return [];
  return [
    h("h2", {}, "What was asked for"),
    h(
      "ul",
      { class: "ccds-requested" },
      requested.map((one) => {
        const { arrived, all } = one.counts;
        return h(
          "li",
          {},
          h("div", { class: "ccds-requested-line" }, h("b", {}, one.named), h("span", { class: "ccds-space" }), h("span", {}, one.why ? "brought nothing" : one.answered ? held(`${grouped(arrived)} of ${grouped(all)} arrived`) : "waits for the site to ask")),
          all ? h("progress", { "aria-label": `Studies of ${one.named} that arrived`, max: all, value: arrived }) : null,
          h("p", { class: "ccds-muted" }, `${one.by} ${moment(one.at)}${one.why ? `; ${one.why}` : one.answered && !all ? "; brought no study that nobody had asked for before" : ""}`),
          one.hole ? h("p", { class: "ccds-note" }, h("b", {}, "Not consecutive. "), `${one.hole}.`) : null,
        );
      }),
    ),
  ];
}
