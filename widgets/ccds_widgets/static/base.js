// What the pages of all widgets share. Joined in front of a widget's own files: no imports, no exports here.

/** An element with properties and children. Strings become text nodes: nothing here is ever read as HTML. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const CONTROLS = ":is(button, input, select, textarea, summary, [tabindex]):not(:disabled)";

/**
 * Puts `children` in place of what `container` holds. The focus stays on the element with the same `data-focus`, with what
 * was typed into it. Where that can't take it any more the focus goes to the first control of its list item or group, and where
 * it is gone to `container` itself: never out of it, or somebody without a mouse would begin at the top of the page again.
 */
function redraw(container, ...children) {
  const held = container.contains(document.activeElement) ? document.activeElement : null;
  const top = container.scrollTop;
  container.replaceChildren(...children.flat().filter(Boolean));
  container.scrollTop = top;
  if (!held || held === container) return;
  const heir = held.dataset.focus && container.querySelector(`[data-focus="${CSS.escape(held.dataset.focus)}"]`);
  if (!heir || heir.disabled) {
    if (!container.hasAttribute("tabindex")) container.tabIndex = -1;
    const next = (heir && heir.closest("li, [role=group]")?.querySelector(CONTROLS)) || container;
    next.focus({ preventScroll: true });
    return;
  }
  heir.focus({ preventScroll: true });
  if (heir.matches("input:not([type])")) {
    heir.value = held.value;
    heir.setSelectionRange(held.selectionStart, held.selectionEnd);
  }
}

/** 12345 as "12,345". */
function grouped(number) {
  return number.toLocaleString("en-US");
}

/** "1 report", "2 reports"; "1 study", "2 studies". */
function counted(number, noun) {
  const plural = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** A moment as people say it here. */
function moment(iso) {
  const then = new Date(iso);
  const time = then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === new Date().toDateString()) return `today ${time}`;
  return `${then.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })} ${time}`;
}

const PATIENCE_MS = 15000;
const LOST = "Expected an answer of the kernel; found that the connection was lost meanwhile; look whether it was done before you try again.";
const GONE = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/**
 * Requests to the kernel, numbered, and their answers.
 *
 * `ask(request)` resolves to the answer, with the bytes that came beside it as `buffers`, or rejects with the one line that
 * the kernel sent. `onLost(true)` is called when the kernel is gone or doesn't answer, `onLost(false)` when it does again. A
 * kernel that was restarted knows nothing of us and stays lost. What was on its way when the connection was lost may never be
 * answered: it rejects when the connection is there again, with an error that is `lost`; whether it was done is unknown. The
 * numbers begin anywhere, so that two views of one widget don't take each other's answers.
 */
function openChannel(model, onLost) {
  const kernel = model.widget_manager?.kernel;
  const waiting = new Map();
  let gone = false;
  let doubtful = kernel?.connectionStatus === "connected" ? null : []; // what was on its way when the connection was lost
  let number = Math.floor(Math.random() * 2 ** 40);

  const forget = (mine) => {
    const request = waiting.get(mine);
    waiting.delete(mine);
    clearTimeout(request?.timer);
    return request;
  };
  const receive = (message, buffers) => {
    const request = forget(message?.answer);
    if (!request) return;
    onLost(false);
    if (message.error) request.reject(new Error(message.error));
    else request.resolve({ ...message, buffers: buffers ?? [] });
  };
  const watchStatus = (_, status) => {
    gone ||= GONE.has(status);
    if (gone) onLost(true);
  };
  const watchConnection = (_, status) => {
    onLost(gone || status !== "connected");
    if (status !== "connected") {
      doubtful ??= [...waiting.keys()]; // what is asked from now on goes out with the new connection
      return;
    }
    for (const mine of doubtful ?? []) forget(mine)?.reject(Object.assign(new Error(LOST), { lost: true }));
    doubtful = null;
  };
  model.on("msg:custom", receive);
  kernel?.statusChanged?.connect(watchStatus);
  kernel?.connectionStatusChanged?.connect(watchConnection);

  return {
    ask(request, patience = PATIENCE_MS) {
      number += 1;
      const mine = number;
      return new Promise((resolve, reject) => {
        const timer = patience ? setTimeout(() => onLost(true), patience) : undefined;
        waiting.set(mine, { resolve, reject, timer });
        model.send({ ...request, request: mine });
      });
    },
    close() {
      model.off("msg:custom", receive);
      kernel?.statusChanged?.disconnect(watchStatus);
      kernel?.connectionStatusChanged?.disconnect(watchConnection);
      waiting.forEach((request) => clearTimeout(request.timer));
    },
  };
}

/** The line that says that the kernel is gone, and in a sentence what became of what is on the page; hidden until then. */
function lostBanner(kept) {
  return h(
    "div",
    { class: "ccds-lost", role: "alert", hidden: true },
    `Connection lost. ${kept} `,
    h("button", { class: "ccds-button", onclick: () => window.location.reload() }, "Reload the page"),
  );
}

/** What a screen says when there is nothing to show: a title, some lines, the way on. */
function emptyState(title, ...lines) {
  return h("div", { class: "ccds-empty" }, h("h2", {}, title), ...lines.map((line) => h("p", {}, line)));
}

/** "1–25 of 340 studies", and a button on either side; `words` says how many there are. */
function pager({ begin, page, total }, words, turn) {
  if (total <= page) return h("p", { class: "ccds-muted ccds-pager" }, words(total));
  const button = (title, key, sign, to) =>
    h("button", { class: "ccds-icon", "data-focus": `page-${key}`, "aria-label": `${title} (${key})`, title: `${title} (${key})`, disabled: to < 0 || to >= total, onclick: () => turn(to) }, sign);
  return h(
    "div",
    { class: "ccds-pager", role: "group", "aria-label": "Pages" },
    button("Page before", "p", "‹", begin - page),
    h("span", { class: "ccds-muted" }, `${grouped(begin + 1)}–${grouped(Math.min(begin + page, total))} of ${words(total)}`),
    button("Page after", "n", "›", begin + page),
  );
}

/** The list of a widget's keys: `keys` are pairs of keys, two spaces between them, and what they do. */
function keysDialog(keys) {
  const dialog = h("dialog", { class: "ccds-keys", "aria-label": "Keys", "data-many": String(keys.length > 15) });
  dialog.append(
    h("h2", { tabindex: -1, autofocus: true }, "Keys"), // a long list opens at its top, not where its one button is
    h("dl", {}, ...keys.flatMap(([names, what]) => [h("dt", {}, ...names.split("  ").map((name) => h("kbd", {}, name))), h("dd", {}, what)])),
    h("button", { class: "ccds-button", type: "button", onclick: () => dialog.close() }, "Close", h("kbd", {}, "Esc")),
  );
  return dialog;
}

/** Opens `dialog` over all that is in `root`; once closed it is gone. */
function showDialog(root, dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}

/**
 * Has the browser ask whoever leaves the page while `isUnsaved()`. The page of an app asks by `ccds-leave` before Voilà hears of it and
 * ends the kernel: who stays goes on with it.
 */
function askBeforeLeaving(isUnsaved, signal) {
  const ask = (event) => isUnsaved() && event.preventDefault();
  window.addEventListener("beforeunload", ask, { signal });
  document.addEventListener("ccds-leave", ask, { signal });
}

/** Whether a key press goes into a text field. */
function isTyping(event) {
  return Boolean(event.target.closest?.("input, textarea, select"));
}

/**
 * Keeps JupyterLab's own keys (“d d” deletes a cell) away from what lies in `root`, but for those with Ctrl or Cmd, such as saving.
 *
 * JupyterLab looks for its attribute on the focused element first, where its selectors match already: on `root` it would come too
 * late. `window` hears of a key before JupyterLab does.
 */
function keepKeys(root, signal) {
  const mark = (event) => root.contains(event.target) && event.target.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
  window.addEventListener("keydown", mark, { capture: true, signal });
}
