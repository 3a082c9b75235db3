// For the fellow: the task's batches, who does them, how one is taken away, and a new batch.

function drawBatches(state, act) {
  const { making } = state;
  if (!making) return [h("div", { class: "ccds-waiting", role: "status" }, state.error ? "" : "Opening the batches …")];
  return [
    h(
      "div",
      { class: "ccds-making" },
      h("section", { "aria-label": "Batches" }, h("h2", {}, "Batches"), making.all_batches.length ? drawTable(state, act) : h("p", { class: "ccds-muted" }, making.made_of && !freshOf(making.made_of) ? "None yet." : "None yet. Make the first one below.")),
      making.made_of ? drawForm(state, act) : h("div", { class: "ccds-waiting ccds-waiting-here", role: "status" }, "Matching the reports …"),
    ),
  ];
}

function drawTable({ making: { all_batches: batches, labelers }, asked }, act) {
  return h(
    "table",
    { class: "ccds-batches-table" },
    h("thead", {}, h("tr", {}, ...["Batch", "Done by all it needs", "Labelers each", "Assigned to"].map((title) => h("th", { scope: "col" }, title)), h("th", { scope: "col" }, h("span", { class: "ccds-said" }, "Take away")))),
    h("tbody", {}, ...batches.toReversed().flatMap((batch) => [drawBatch(batch, labelers, act), asked?.batch === batch.id ? drawAsked(asked, act) : null].filter(Boolean))),
  );
}

function drawBatch(batch, labelers, act) {
  const free = labelers.filter((name) => !batch.labelers.includes(name));
  const assign = (event) => {
    const { value } = event.target;
    if (value) act.assign(batch.id, value, true);
  };
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, batch.name, h("span", { class: "ccds-muted" }, ` by ${batch.by}, ${batch.on}`)),
    h("td", {}, h("b", {}, grouped(batch.done)), ` of ${grouped(batch.studies)}`, batch.held ? h("span", { class: "ccds-muted" }, `, ${grouped(batch.held)} in hand`) : null),
    h("td", {}, grouped(batch.overlap)),
    h(
      "td",
      {},
      h(
        "div",
        { class: "ccds-toolbar" },
        missingWords(batch),
        ...batch.labelers.map((name) =>
          h(
            "span",
            { class: "ccds-chip ccds-chip-none" },
            name,
            h("button", { class: "ccds-icon", "data-focus": `withdraw-${batch.id}-${name}`, "aria-label": `Withdraw ${name} from “${batch.name}”: what they hold goes to others, what they said stays`, title: "Withdraw", onclick: () => act.assign(batch.id, name, false) }, "×"),
          ),
        ),
        free.length
          ? h("select", { class: "ccds-field", "data-focus": `assign-${batch.id}`, "aria-label": `Assign “${batch.name}” to`, onchange: assign }, h("option", { value: "" }, "Assign …"), ...free.map((name) => h("option", { value: name }, name)))
          : null,
      ),
    ),
    h("td", {}, batch.done ? null : h("button", { class: "ccds-link", "data-focus": `remove-${batch.id}`, "aria-label": `Take “${batch.name}” away, as long as nobody has answered`, onclick: () => act.askRemove(batch) }, "Take away …")),
  );
}

/** Asks whether a batch is to go, in the row below its own. */
function drawAsked(asked, act) {
  return h("tr", {}, h("td", { colspan: 5 }, askedLine(asked, act.dropAsked)));
}

/** What is amiss with who is assigned; null where nothing is. */
function missingWords({ labelers, overlap }) {
  if (!labelers.length) return h("span", { class: "ccds-muted" }, "nobody yet");
  return labelers.length < overlap ? h("span", { class: "ccds-muted" }, `too few for ${overlap} each`) : null;
}

/** Takes every group of studies, or none, to begin from. */
function pickButtons() {
  const button = (name, checked) => {
    const pick = (event) => {
      const fields = event.currentTarget.closest("fieldset");
      fields.querySelectorAll("input:enabled").forEach((box) => (box.checked = checked));
      fields.dispatchEvent(new Event("input", { bubbles: true }));
    };
    return h("button", { class: "ccds-link", type: "button", "data-focus": `pick-${name}`, onclick: pick }, name);
  };
  return h("div", { class: "ccds-toolbar ccds-pick-buttons" }, button("All", true), button("None", false));
}

/** How many studies are neither in a batch nor gold. */
function freshOf({ phrases, unmatched }) {
  return phrases.reduce((sum, { studies }) => sum + studies, unmatched.studies);
}

const ALONE = "With one labeler for each study no agreement between labelers can be measured; with two it can.";

function drawForm(state, act) {
  const { made_of: from, all_batches: batches, labelers } = state.making;
  const left = freshOf(from);
  if (!left) {
    const why = batches.length || from.gold ? "Every study of this task is in a batch or in the gold set already." : NO_REPORTS;
    return h("section", { "aria-label": "New batch" }, h("h2", {}, "New batch"), h("p", { class: "ccds-muted" }, why));
  }
  const { wanted } = state; // what was typed and isn't made: a refusal, and a drawing anew, leave it standing
  const group = ({ id, text, label, studies: fresh, gold }) =>
    h(
      "label",
      { class: "ccds-pick" },
      h("input", { type: "checkbox", name: "phrase", value: id, checked: fresh > 0 && (wanted ? wanted.picked.includes(String(id)) : id !== "unmatched"), disabled: !fresh }),
      h("span", {}, text, label ? h("span", { class: "ccds-muted" }, ` → ${label}`) : null),
      h("span", { class: "ccds-muted" }, `${counted(fresh, "study")}${gold ? `, ${grouped(gold)} gold` : ""}`),
    );
  const number = (name, title, value, least, most, hint) =>
    h("label", { class: "ccds-number", title: hint }, h("span", {}, title), h("input", { class: "ccds-field", type: "number", name, value: wanted?.[name] ?? value, min: least, max: most, required: true, "data-focus": name }));
  const submit = (event) => {
    event.preventDefault();
    const { picked, ...told } = readForm(event.target);
    act.make({
      ...told,
      phrases: picked.filter((one) => one !== "unmatched").map(Number),
      unmatched: picked.includes("unmatched"),
      ...Object.fromEntries(NUMBERS.map((name) => [name, Number(told[name])])),
    });
  };
  const sizes = Object.fromEntries([...from.phrases, { id: "unmatched", ...from.unmatched }].map(({ id, studies: fresh }) => [id, fresh]));
  const comesTo = h("p", { class: "ccds-muted", role: "status" });
  const tell = (form) => (comesTo.textContent = comesToWords(readForm(form), sizes));
  const typed = ({ currentTarget: form }) => {
    state.wanted = readForm(form);
    tell(form);
  };
  const form = h(
    "form",
    { class: "ccds-new-batch", "aria-label": "New batch", onsubmit: submit, oninput: typed },
    h("h2", {}, "New batch"),
    h("label", { class: "ccds-number" }, h("span", {}, "Name"), h("input", { class: "ccds-field", name: "name", required: true, maxlength: 200, value: wanted?.name ?? `Batch ${batches.length + 1}`, "data-focus": "name" })),
    h("fieldset", {}, h("legend", {}, "Of the studies that these phrases label, and that are in no batch and not gold"), pickButtons(), h("div", { class: "ccds-picks" }, ...from.phrases.map(group), group({ id: "unmatched", text: "no phrase matches", ...from.unmatched }))),
    h(
      "div",
      { class: "ccds-toolbar" },
      number("size", "Studies", Math.min(100, left), 1, 100000, "At most; drawn by chance"),
      number("overlap", "Labelers for each", 1, 1, 20, "How many labelers say what a study’s label is"),
      number("gold", "Gold, % of the batch", from.gold ? 10 : 0, 0, 50, "Gold studies mixed in unseen, to measure the labelers; every labeler gets them"),
      number("wrong", "Wrong prefill, % of the gold", 0, 0, 100, "Gold studies with a wrong label preselected, to measure how far labelers trust what is preselected"),
    ),
    comesTo,
    h("p", { class: "ccds-muted" }, `The gold set of this task has ${counted(from.gold, "study")}. While confirming, Shift+G marks one.`),
    h("fieldset", {}, h("legend", {}, "Assigned to"), h("div", { class: "ccds-toolbar" }, ...labelers.map((name) => h("label", {}, h("input", { type: "checkbox", name: "labeler", value: name, checked: wanted?.labelers.includes(name) }), ` ${name}`)))),
    state.unmade ? h("p", { class: "ccds-error", role: "alert" }, state.unmade) : null,
    h("button", { class: "ccds-button", type: "submit", "data-focus": "make" }, "Make the batch"),
  );
  tell(form);
  return form;
}

const NUMBERS = ["size", "overlap", "gold", "wrong"];

/** What stands in the form, the numbers as they were typed. */
function readForm(form) {
  const data = new FormData(form);
  return { ...Object.fromEntries(["name", ...NUMBERS].map((name) => [name, data.get(name)])), picked: data.getAll("phrase"), labelers: data.getAll("labeler") };
}

/** What the numbers of the form come to, counted as the kernel does it. */
function comesToWords({ picked, labelers, ...told }, sizes) {
  const [size, overlap, share, wrong] = NUMBERS.map((name) => Number(told[name]));
  const ordinary = Math.min(size, picked.reduce((sum, id) => sum + sizes[id], 0));
  const gold = Math.round((ordinary * share) / (100 - share));
  return [
    gold ? `${counted(ordinary, "study")} and ${grouped(gold)} gold, ${grouped(ordinary + gold)} in all; ${grouped(Math.round((gold * wrong) / 100))} of the ${grouped(gold)} with a wrong label preselected.` : `${counted(ordinary, "study")}, no gold.`,
    labelers.length ? null : "Assigned to nobody yet.",
    overlap === 1 ? ALONE : null,
  ].filter(Boolean).join(" ");
}
