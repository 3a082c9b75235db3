// The labelling app: its screens are of one task each, which the bar chooses, with its guideline beside them.
//
// Beyond what screens.js describes a screen's context has:
//   task()       the task as the kernel told it last: {id, name, kind, cohort, labels: [{name, tone}], guideline, left_out, strata}
//   refresh()    asks for the tasks anew, after something that may have given this one a label
//   lasting(name, make)  what outlives the screen, which is thrown away when another task is chosen: what `make(signal)` gave at
//                first; that signal is aborted when the app is closed

const SCREENS = [
  ["annotate", "Annotate", annotateScreen],
  ["prioritise", "Prioritise", prioritiseScreen],
  ["confirm", "Confirm", confirmScreen],
  ["assess", "Assess", assessScreen],
];

const TASK_KEYS = [
  ["g", "the guideline of the task"],
];

function aroundTasks(shell) {
  const lasting = new Map();
  const guideline = h("aside", { class: "ccds-guideline", "aria-label": "Guideline", tabindex: -1, hidden: true });
  let current = null; // the task's id

  function opened() {
    const { tasks, opens } = shell.overview;
    if (!tasks.length) return emptyState("There is no work for you yet", "No batch is assigned to you. The fellow who leads the labelling makes batches and assigns them; then reload this page.");
    const worked = [sessionStorage, localStorage].map((store) => Number(store.getItem(shell.kept("task"))));
    keepTask(worked.find((task) => tasks.some(({ id }) => id === task)) ?? opens);
    return null;
  }

  /** The next page of this project opens the task that was worked in last; one that is loaded anew its own. */
  function keepTask(task) {
    current = task;
    for (const store of [sessionStorage, localStorage]) store.setItem(shell.kept("task"), task);
    drawGuideline();
  }

  function taskOf() {
    return shell.overview.tasks.find(({ id }) => id === current);
  }

  /** What a task is called, and the cohort that it is kept to. */
  function titleOf({ name, cohort }) {
    return cohort ? `${name} · cohort ${cohort}` : name;
  }

  async function refresh() {
    const { tasks } = await shell.ask({ kind: "tasks" });
    shell.overview.tasks = tasks;
    shell.drawBar();
    drawGuideline();
  }

  /** The form of a task, or of a new one where that is null. */
  function openForm(task) {
    const dialog = taskDialog(task, {
      ask: shell.ask,
      kept: ({ kept: id, parts, tasks }, words) => {
        shell.overview.tasks = tasks;
        // a screen is drawn anew where it shows, or reads by, what is another now
        if (task === null || parts.some((part) => part !== "name" && part !== "guideline")) choose(id);
        shell.drawBar();
        drawGuideline();
        shell.said(task === null ? `The task ${taskOf().name} is made.` : words ? `Changed the task’s ${words}.` : "Nothing changed.");
      },
    });
    dialog.addEventListener("close", () => focusOn(task === null ? "task-new" : "task-settings"));
    shell.showDialog(dialog);
  }

  /** Throws the screens of one task away and opens those of another. */
  function choose(task) {
    shell.discard();
    keepTask(task);
    shell.show(shell.screen);
  }

  function inBar() {
    const { tasks } = shell.overview;
    const chooser = h(
      "select",
      { class: "ccds-field", "data-focus": "task", "aria-label": "Task", onchange: (event) => choose(Number(event.target.value)) },
      ...tasks.map((one) => h("option", { value: one.id, selected: one.id === current }, titleOf(one))),
    );
    return [
      tasks.length > 1 ? h("label", { class: "ccds-task" }, h("span", {}, "Task"), chooser) : h("span", { class: "ccds-task" }, h("span", {}, "Task "), h("b", {}, titleOf(taskOf()))),
      ...(shell.overview.curates
        ? [
            h("button", { class: "ccds-button", "data-focus": "task-settings", title: "Name, labels, guideline, cohort … of this task", onclick: () => openForm(current) }, "Task settings"),
            h("button", { class: "ccds-button", "data-focus": "task-new", title: "Make a further task", onclick: () => openForm(null) }, "New task"),
          ]
        : []),
      h(
        "button",
        { class: "ccds-button", "data-focus": "guideline", "aria-expanded": String(!guideline.hidden), title: "Guideline (g)", onclick: toggleGuideline },
        "Guideline",
        h("kbd", {}, "g"),
      ),
    ];
  }

  function drawGuideline() {
    const { name, guideline: text } = taskOf();
    redraw(
      guideline,
      h(
        "header",
        { class: "ccds-guideline-head" },
        h("h2", {}, "Guideline"),
        h("button", { class: "ccds-icon", "data-focus": "guideline-close", "aria-label": "Close the guideline (g)", title: "Close (g)", onclick: toggleGuideline }, "×"),
      ),
      text.trim()
        ? h("div", { class: "ccds-guideline-text", dir: "auto" }, text)
        : h("p", { class: "ccds-muted" }, shell.overview.curates ? `“${name}” has no guideline yet. Write it in the task settings.` : `“${name}” has no guideline yet. A fellow writes it in the task settings.`),
    );
  }

  function toggleGuideline() {
    guideline.hidden = !guideline.hidden;
    shell.drawBar();
    if (!guideline.hidden) guideline.focus();
  }

  function pressed(event) {
    if (event.key !== "g" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return false;
    toggleGuideline();
    return true;
  }

  return {
    opened,
    address: () => ({ task: current }),
    context: {
      task: taskOf,
      refresh,
      lasting: (what, make) => {
        if (!lasting.has(what)) lasting.set(what, make(shell.signal));
        return lasting.get(what);
      },
    },
    aside: guideline,
    inBar,
    pressed,
    keys: TASK_KEYS,
  };
}

const render = appOfScreens({
  app: "labeling",
  screens: SCREENS,
  lost: "What was saved is safe; answers that weren’t yet stay in this tab.",
  around: aroundTasks,
});

export default { render };
