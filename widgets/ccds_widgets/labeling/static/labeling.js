// The shell: which screen, which task, its guideline beside the screen, and what all screens share.
//
// A screen is one function, `annotateScreen(context)` and so on, called for one task when it is looked at first. The context:
//   project      the project's id
//   channel      ask(request, patience), as openChannel's: the screen's name and the task go with each request; while the
//                kernel opens the screen the shell shows how far that is, and asks again
//   task()       the task as the kernel told it last: {id, name, kind, cohort, labels: [{name, tone}], guideline, left_out, strata}
//   refresh()    asks for the tasks anew, after something that may have given this one a label
//   said(line)   reads a line aloud
//   show(name, place)  goes to another screen, which is opened at `place`
//   help()       opens the list of keys
//   signal       aborted when the screen is thrown away: another task was chosen, or the app is closed
//   lasting(name, make)  what outlives the screen: what `make(signal)` gave at first; that signal is aborted when the app is closed
// What it returns:
//   element      its part of the page
//   open(place)  it comes to sight, at first and again; `place` is what `show` was called with, or undefined
//   close()      it goes out of sight
//   pressed(event)  a key that no text field took; whether it stands for something
//   keys         pairs of keys and what they do

const SCREENS = [
  ["annotate", "Annotate", annotateScreen],
  ["prioritise", "Prioritise", prioritiseScreen],
  ["confirm", "Confirm", confirmScreen],
  ["assess", "Assess", assessScreen],
];

const ASK_AGAIN_MS = 500;

const SHELL_KEYS = [
  ["Alt+1 … Alt+4", "the screens"],
  ["g", "the guideline of the task"],
  ["?", "this list"],
];

function render({ model, el }) {
  const shell = { overview: null, task: null, screen: null, made: new Map(), making: new AbortController(), opening: new Map() };
  const lost = lostBanner("What was saved is safe; answers that weren’t yet stay in this tab.");
  const bar = h("nav", { class: "ccds-shell-bar", "aria-label": "Screens" });
  const guideline = h("aside", { class: "ccds-guideline", "aria-label": "Guideline", tabindex: -1, hidden: true });
  const stage = h("div", { class: "ccds-stage" });
  const said = h("p", { class: "ccds-said", role: "status", "aria-live": "polite" });
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the project …"));
  const opening = h("div", { class: "ccds-cover" });
  const body = h("div", { class: "ccds-shell-body", hidden: true }, stage, guideline);
  // The attribute keeps JupyterLab's own keys away.
  const root = h("div", { class: "ccds ccds-labeling", tabindex: -1, "data-lm-suppress-shortcuts": true }, lost, bar, cover, body, said);
  el.append(root);

  const channel = openChannel(model, (isLost) => {
    lost.hidden = !isLost;
  });
  const ending = new AbortController();
  const lasting = new Map();
  document.addEventListener("keydown", onKey, { signal: ending.signal });
  keepKeys(root, ending.signal);
  start();

  // Names and numbers only: nothing about a patient is kept by the browser.
  const kept = (name) => `ccds-labeling-${shell.overview.project}-${name}`;

  async function start() {
    try {
      shell.overview = await channel.ask({ kind: "ready" }, 0);
    } catch (error) {
      refuse(error.message);
      return;
    }
    const { tasks, screens, project, opens } = shell.overview;
    document.querySelector("[data-ccds-project]")?.replaceChildren(project);
    if (!tasks.length && screens.includes("confirm")) {
      cover.replaceChildren(emptyState("There is no work for you yet", "No batch is assigned to you. The fellow who leads the labelling makes batches and assigns them; then reload this page."));
      return;
    }
    if (!screens.length || !tasks.length) {
      refuse("Expected something that you may do here; found nothing; ask the principal investigator what your role is for.");
      return;
    }
    const worked = [sessionStorage, localStorage].map((store) => Number(store.getItem(kept("task"))));
    keepTask(worked.find((task) => tasks.some(({ id }) => id === task)) ?? opens);
    cover.hidden = true;
    body.hidden = false;
    const last = sessionStorage.getItem(kept("screen"));
    show(screens.includes(last) ? last : screens[0]);
  }

  /** The next page of this project opens the task that was worked in last; one that is loaded anew its own. */
  function keepTask(task) {
    shell.task = task;
    for (const store of [sessionStorage, localStorage]) store.setItem(kept("task"), task);
  }

  function refuse(line) {
    cover.replaceChildren(emptyState("This app can’t be opened", line));
    cover.setAttribute("role", "alert");
  }

  /** Brings a screen to sight, made when it is looked at first. */
  function show(name, place) {
    const [, , make] = SCREENS.find(([known]) => known === name);
    const before = shell.made.get(shell.screen);
    if (!shell.made.has(name)) shell.made.set(name, make(contextOf(name)));
    const after = shell.made.get(name);
    if (before && before !== after) before.close();
    shell.screen = name;
    sessionStorage.setItem(kept("screen"), name);
    drawStage();
    drawBar();
    drawGuideline();
    after.open(place);
  }

  function contextOf(name) {
    const address = { screen: name, task: shell.task };
    return {
      project: shell.overview.project,
      channel: { ask: (request, patience) => askOpen({ ...request, ...address }, patience) },
      task: taskOf,
      refresh,
      said: (line) => {
        said.textContent = line;
      },
      show,
      help,
      signal: shell.making.signal,
      lasting: (what, make) => {
        if (!lasting.has(what)) lasting.set(what, make(ending.signal));
        return lasting.get(what);
      },
    };
  }

  /** What the kernel answers as soon as the screen is open there: until then it does nothing of what it is asked. */
  async function askOpen(request, patience) {
    const { signal } = shell.making;
    try {
      for (;;) {
        const answer = await channel.ask(request, patience);
        if (!answer.opening) return answer;
        if (signal.aborted) return await new Promise(() => {}); // nobody looks at that screen any more
        shell.opening.set(request.screen, answer.opening);
        drawStage();
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      }
    } finally {
      if (!signal.aborted && shell.opening.delete(request.screen)) drawStage();
    }
  }

  /** The screen, or how far its opening is. */
  function drawStage() {
    const told = shell.opening.get(shell.screen);
    const shown = told ? opening : shell.made.get(shell.screen).element;
    if (stage.firstChild !== shown) stage.replaceChildren(shown);
    if (!told) return;
    const share = Math.floor(100 * told.share);
    if (opening.dataset.doing !== told.doing) said.textContent = `${told.doing} …`; // each share read aloud would be too much
    opening.dataset.doing = told.doing;
    opening.replaceChildren(
      h("div", { class: "ccds-opening" }, h("p", {}, `${told.doing}: ${share} %`), h("progress", { max: 100, value: share, "aria-label": told.doing })),
    );
  }

  function taskOf() {
    return shell.overview.tasks.find(({ id }) => id === shell.task);
  }

  /** What a task is called, and the cohort that it is kept to. */
  function titleOf({ name, cohort }) {
    return cohort ? `${name} · cohort ${cohort}` : name;
  }

  async function refresh() {
    const { tasks } = await channel.ask({ kind: "tasks" });
    shell.overview.tasks = tasks;
    drawBar();
    drawGuideline();
  }

  /** The form of a task, or of a new one where that is null. */
  function openForm(task) {
    const dialog = taskDialog(task, {
      ask: (request) => channel.ask(request),
      kept: ({ kept: id, parts, tasks }, words) => {
        shell.overview.tasks = tasks;
        // a screen is drawn anew where it shows, or reads by, what is another now
        if (task === null || parts.some((part) => part !== "name" && part !== "guideline")) choose(id);
        drawBar();
        drawGuideline();
        said.textContent = task === null ? `The task ${taskOf().name} is made.` : words ? `Changed the task’s ${words}.` : "Nothing changed.";
      },
    });
    const back = task === null ? "task-new" : "task-settings";
    dialog.addEventListener("close", () => {
      dialog.remove();
      focusOn(back);
    });
    root.append(dialog);
    dialog.showModal();
  }

  /** Throws the screens of one task away and opens those of another. */
  function choose(task) {
    shell.made.get(shell.screen)?.close();
    shell.making.abort();
    Object.assign(shell, { made: new Map(), making: new AbortController(), opening: new Map() });
    keepTask(task);
    show(shell.screen);
  }

  function drawBar() {
    const { tasks, screens } = shell.overview;
    const used = SCREENS.filter(([name]) => screens.includes(name));
    const tab = ([name, title], order) =>
      h(
        "button",
        {
          class: "ccds-tab",
          "data-focus": `screen-${name}`,
          "aria-current": name === shell.screen ? "page" : undefined,
          "aria-keyshortcuts": `Alt+${order + 1}`,
          title: `${title} (Alt+${order + 1})`,
          onclick: (event) => {
            if (event.detail) event.currentTarget.blur(); // after a click of the mouse the keys are the screen's, Enter too
            show(name);
          },
        },
        title,
      );
    const chooser = h(
      "select",
      { class: "ccds-field", "data-focus": "task", "aria-label": "Task", onchange: (event) => choose(Number(event.target.value)) },
      ...tasks.map((one) => h("option", { value: one.id, selected: one.id === shell.task }, titleOf(one))),
    );
    redraw(
      bar,
      ...(used.length > 1 ? used.map(tab) : []),
      h("span", { class: "ccds-space" }),
      tasks.length > 1 ? h("label", { class: "ccds-task" }, h("span", {}, "Task"), chooser) : h("span", { class: "ccds-task" }, h("span", {}, "Task "), h("b", {}, titleOf(taskOf()))),
      ...(shell.overview.curates
        ? [
            h("button", { class: "ccds-button", "data-focus": "task-settings", title: "Name, labels, guideline, cohort … of this task", onclick: () => openForm(shell.task) }, "Task settings"),
            h("button", { class: "ccds-button", "data-focus": "task-new", title: "Make a further task", onclick: () => openForm(null) }, "New task"),
          ]
        : []),
      h(
        "button",
        { class: "ccds-button", "data-focus": "guideline", "aria-expanded": String(!guideline.hidden), title: "Guideline (g)", onclick: toggleGuideline },
        "Guideline",
        h("kbd", {}, "g"),
      ),
      h("button", { class: "ccds-button", "data-focus": "keys", title: "Keys (?)", onclick: help }, "Keys", h("kbd", {}, "?")),
    );
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
    drawBar();
    if (!guideline.hidden) guideline.focus();
  }

  function help() {
    const name = shell.screen;
    const dialog = keysDialog([...shell.made.get(name).keys, ...SHELL_KEYS]);
    dialog.addEventListener("close", () => dialog.remove());
    root.append(dialog);
    dialog.showModal();
  }

  function onKey(event) {
    if (event.target !== document.body && !root.contains(event.target)) return;
    if (!shell.screen || root.querySelector("dialog[open]")) return;
    if (!shellKey(event) && !shell.made.get(shell.screen).pressed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function shellKey(event) {
    const { key, code } = event;
    if (event.ctrlKey || event.metaKey) return false;
    if (event.altKey) {
      const at = /^Digit([1-4])$/u.exec(code);
      const name = at && SCREENS.filter(([known]) => shell.overview.screens.includes(known))[at[1] - 1]?.[0];
      if (name) show(name);
      return Boolean(name);
    }
    if (isTyping(event)) return false;
    if (key === "g") toggleGuideline();
    else if (key === "?") help();
    else return false;
    return true;
  }

  return () => {
    shell.made.get(shell.screen)?.close();
    shell.making.abort();
    ending.abort();
    channel.close();
  };
}

export default { render };
