// The shell of an app of several screens: the bar, which screen is in sight, and what all screens share. Joined behind base.js.
//
// A screen is one function, `askScreen(context)` and so on, called when it is looked at first. The context:
//   project      the project's id
//   channel      ask(request, patience), as openChannel's: the screen's name goes with each request
//   said(line)   reads a line aloud
//   show(name, place)  goes to another screen, which is opened at `place`
//   has(name)    whether this person has that screen
//   help()       opens the list of keys
//   signal       aborted when the app is closed
// What it returns:
//   element      its part of the page
//   open(place)  it comes to sight, at first and again; `place` is what `show` was called with, or undefined
//   close()      it goes out of sight
//   pressed(event)  a key that no text field took; whether it stands for something
//   keys         pairs of keys and what they do

/** The `render` of app `app`, whose `screens` are [name, title, make]; `lost` says what is kept when the connection is lost. */
function appOfScreens({ app, screens: all, lost: kept }) {
  return ({ model, el }) => {
    const shell = { project: null, screens: [], screen: null, made: new Map() };
    const lost = lostBanner(kept);
    const bar = h("nav", { class: "ccds-shell-bar", "aria-label": "Screens" });
    const stage = h("div", { class: "ccds-stage", hidden: true });
    const said = h("p", { class: "ccds-said", role: "status", "aria-live": "polite" });
    const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the project …"));
    const root = h("div", { class: `ccds ccds-screens ccds-${app}`, tabindex: -1, "data-lm-suppress-shortcuts": true }, lost, bar, cover, stage, said);
    el.append(root);

    const channel = openChannel(model, (isLost) => {
      lost.hidden = !isLost;
    });
    const ending = new AbortController();
    document.addEventListener("keydown", onKey, { signal: ending.signal });
    keepKeys(root, ending.signal);
    start();

    async function start() {
      try {
        Object.assign(shell, await channel.ask({ kind: "ready" }, 0));
      } catch (error) {
        refuse(error.message);
        return;
      }
      document.querySelector("[data-ccds-project]")?.replaceChildren(shell.project);
      if (!used().length) {
        refuse("Expected something that you may do here; found nothing; ask the principal investigator what your role is for.");
        return;
      }
      cover.hidden = true;
      stage.hidden = false;
      const last = sessionStorage.getItem(key());
      show(shell.screens.includes(last) ? last : used()[0][0]);
    }

    function key() {
      return `ccds-${app}-${shell.project}-screen`;
    }

    function used() {
      return all.filter(([name]) => shell.screens.includes(name));
    }

    function refuse(line) {
      cover.replaceChildren(emptyState("This app can’t be opened", line));
      cover.setAttribute("role", "alert");
    }

    /** Brings a screen to sight, made when it is looked at first. */
    function show(name, place) {
      const before = shell.made.get(shell.screen);
      if (!shell.made.has(name)) shell.made.set(name, all.find(([known]) => known === name)[2](contextOf(name)));
      const after = shell.made.get(name);
      if (before && before !== after) before.close();
      shell.screen = name;
      sessionStorage.setItem(key(), name);
      stage.replaceChildren(after.element);
      drawBar();
      after.open(place);
    }

    function contextOf(name) {
      return {
        project: shell.project,
        channel: { ask: (request, patience) => channel.ask({ ...request, screen: name }, patience) },
        said: (line) => {
          said.textContent = line;
        },
        show,
        has: (other) => shell.screens.includes(other),
        help,
        signal: ending.signal,
      };
    }

    function drawBar() {
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
      redraw(bar, ...used().map(tab), h("span", { class: "ccds-space" }), h("button", { class: "ccds-button", "data-focus": "keys", title: "Keys (?)", onclick: help }, "Keys", h("kbd", {}, "?")));
    }

    function help() {
      const shared = [["?", "this list"]];
      if (used().length > 1) shared.unshift([`Alt+1 … Alt+${used().length}`, "the screens"]);
      const dialog = keysDialog([...shell.made.get(shell.screen).keys, ...shared]);
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
      const { key: pressed, code } = event;
      if (event.ctrlKey || event.metaKey) return false;
      if (event.altKey) {
        const at = /^Digit([1-9])$/u.exec(code);
        const name = at && used()[at[1] - 1]?.[0];
        if (name) show(name);
        return Boolean(name);
      }
      if (isTyping(event) || pressed !== "?") return false;
      help();
      return true;
    }

    return () => {
      shell.made.get(shell.screen)?.close();
      ending.abort();
      channel.close();
    };
  };
}
