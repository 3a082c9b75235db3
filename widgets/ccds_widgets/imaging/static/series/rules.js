// The rules: those that hold, and others, tried before they are kept.

const FIRST_RULES = `rules:
  - exam_codes: [CODE]          # the exam codes that this rule is for
    modality: [CT]
    orientation: [axial]        # axial, coronal, sagittal, oblique
    thickness_mm: [0.5, 5]
    images: [20, 2000]
    prefer: thinnest            # or thickest, most-images, first, last
`;

function drawRules(state, act) {
  const { editing, rules, versions, may_write: mayWrite } = state;
  const digest = (one) => h("code", { title: `SHA-256 ${one.digest}` }, one.digest.slice(0, 12));
  return [
    h("div", { class: "ccds-title" }, h("h2", {}, "Rules"), h("span", { class: "ccds-space" }), h("button", { class: "ccds-button", "data-focus": "close-rules", onclick: () => act.closeRules() }, "Back to the studies", h("kbd", {}, "Esc"))),
    rules
      ? h("p", {}, "In force: ", digest(rules), h("span", { class: "ccds-muted" }, `, kept by ${rules.person}, ${moment(rules.at)}`))
      : h("p", { class: "ccds-hint" }, "No rules were kept yet, so no series is chosen. ", mayWrite ? "Put the project’s exam codes in below, see what they would choose, and keep them." : "Who may write this project’s images keeps some here."),
    drawEditor(state, act).element,
    h("div", { class: "ccds-tried", role: "status" }, drawTried(editing)),
    mayWrite ? h("div", { class: "ccds-toolbar" }, drawKeep(state, act)) : null,
    versions.length > 1
      ? h("section", {}, h("h3", {}, "Kept before"), h("ol", { class: "ccds-said-list" }, versions.slice(1).map((one) => h("li", {}, digest(one), h("span", { class: "ccds-muted" }, `${one.person}, ${moment(one.at)}`)))))
      : null,
  ];
}

/** The text with its lines numbered; made once, so that what was typed can be taken back by the browser's own keys. */
function drawEditor(state, act) {
  const { editing, may_write: mayWrite } = state;
  editing.editor ??= newEditor(editing, mayWrite, act);
  editing.editor.number();
  return editing.editor;
}

function newEditor(editing, mayWrite, act) {
  const gutter = h("pre", { class: "ccds-gutter", "aria-hidden": "true" });
  const text = h("textarea", {
    class: "ccds-field ccds-rules-text",
    "data-focus": "rules-text",
    "aria-label": "Rules as YAML",
    spellcheck: "false",
    wrap: "off",
    readonly: !mayWrite,
    rows: Math.min(24, Math.max(10, editing.text.split("\n").length + 1)),
    oninput: () => {
      act.edit(text.value);
      number();
    },
    onscroll: () => {
      gutter.scrollTop = text.scrollTop;
    },
  });
  const number = () => {
    const lines = text.value.split("\n").length;
    text.setAttribute("aria-invalid", String(Boolean(editing.wrong)));
    gutter.replaceChildren(...Array.from({ length: lines }, (_, at) => h("span", { "data-wrong": String(editing.wrong?.line === at + 1) }, `${at + 1}\n`)));
  };
  text.value = editing.text;
  return { element: h("div", { class: "ccds-editor" }, gutter, text), number };
}

function drawTried({ wrong, changes }) {
  if (wrong) return h("p", { class: "ccds-error", role: "alert" }, wrong.text);
  if (!changes) return null;
  const { read, unread, other, first, none, examples } = changes;
  const all = other + first + none;
  const of = `of ${counted(read, "study")} that were read`;
  return h(
    "div",
    { class: "ccds-hint" },
    h("p", {}, h("b", {}, all ? `${counted(all, "study")} would change` : "Nothing would change"), ` ${of}${unread ? `; ${counted(unread, "study")} not read yet` : ""}.`),
    all ? h("p", {}, dotted(other && `${grouped(other)} would get another series`, first && `${grouped(first)} would get a series that have none`, none && `${grouped(none)} would lose theirs`)) : null,
    examples.length ? h("p", { class: "ccds-examples" }, examples.map((key) => h("span", { class: "ccds-key" }, key)), all > examples.length ? h("span", { class: "ccds-muted" }, "…") : null) : null,
  );
}

function drawKeep(state, act) {
  const { editing, rules } = state;
  const same = rules?.text === editing.text;
  return [
    h("button", { class: "ccds-button", "data-focus": "try", disabled: state.busy || same, onclick: () => act.tryRules() }, "What would change?", h("kbd", {}, "Ctrl+↵")),
    h("button", { class: "ccds-button ccds-first", "data-focus": "keep", disabled: state.busy || editing.tried !== editing.text || Boolean(editing.wrong) || same, onclick: () => act.keepRules() }, "Keep these rules"),
    h("span", { class: "ccds-muted" }, same ? "These are in force." : editing.wrong ? "Mend what is wrong first." : editing.tried === editing.text ? "They hold for every study from when they are kept; volumes follow when they are made." : "See what they would change first."),
  ];
}
