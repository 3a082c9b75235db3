// The shell of an app of several screens: the bar, which screen is in sight, and what all screens share. Joined behind base.js.
//
// A screen is one function, `askScreen(context)` and so on, called when it is looked at first. The context:
//   project      the project's id
//   channel      ask(request, patience), as openChannel's: the screen's name goes with each request; while the kernel opens the
//                screen the shell shows how far that is, and asks again
//   said(line)   reads a line aloud
//   show(name, place)  goes to another screen, which is opened at `place`
//   has(name)    whether this person has that screen
//   help()       opens the list of keys
//   signal       aborted when the screen is thrown away, with the app or before
// What it returns:
//   element      its part of the page
//   open(place)  it comes to sight, at first and again; `place` is what `show` was called with, or undefined
//   close()      it goes out of sight
//   pressed(event)  a key that no text field took; whether it stands for something
//   keys         pairs of keys and what they do
//
// An app may have things of its own around its screens: `around(shell)`, called once for each page. The shell:
//   overview     what the kernel told at the start; null before
//   screen       the name of the one in sight
//   ask(request, patience)  a request that is no screen's
//   said(line), show(name, place)  as a screen's
//   showDialog(dialog)  opens a dialog over all
//   discard()    throws all screens away: they are made anew when they are shown
//   drawBar()    draws the bar anew
//   kept(name)   under what the browser keeps `name` of this project: names and numbers, nothing about a patient
//   signal       aborted when the app is closed
// What it returns:
//   opened()     the overview is there; an element where there is nothing to do but to read that
//   address()    what goes with each request of a screen that is made now, beside its name
//   context      what each screen's context has, too
//   aside        an element beside the screen
//   inBar()      controls in the bar
//   pressed(event), keys  as a screen's

const SCREENS_AGAIN_MS = 500;
const SCREENS_LATE_MS = 20000;
const NOTHING_AROUND = { opened: () => null, address: () => ({}), context: {}, aside: null, inBar: () => [], pressed: () => false, keys: [] };

/** Whether the focus is on nothing of a screen: on the page, or on what holds the screen, which has it when another one comes. */
function isFocusFree() {
  return document.activeElement?.matches("body, .ccds-stage") ?? true;
}

/** The `render` of app `app`, whose `screens` are [name, title, make]; `lost` says what is kept when the connection is lost. */
function appOfScreens({ app, screens: all, lost: safe, around = () => NOTHING_AROUND }) {
  return ({ model, el }) => {
    const ending = new AbortController();
    const shell = {
      overview: null,
      screen: null,
      ask: (request, patience) => channel.ask(request, patience),
      said: say,
      show,
      showDialog: (dialog) => showDialog(root, dialog),
      discard,
      drawBar,
      kept,
      signal: ending.signal,
    };
    const own = around(shell);
    let made = new Map(); // by name
    let opening = new Map(); // name → how far the kernel is
    let making = new AbortController();
    const lost = lostBanner(safe);
    const bar = h("nav", { class: "ccds-shell-bar", "aria-label": "Screens" });
    const stage = h("div", { class: "ccds-stage", tabindex: -1 });
    const told = h("div", { class: "ccds-opening" });
    const body = h("div", { class: "ccds-shell-body", hidden: true }, stage, own.aside);
    const said = h("p", { class: "ccds-said", role: "status", "aria-live": "polite" });
    const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the project …"));
    const root = h("div", { class: `ccds ccds-screens ccds-${app}`, tabindex: -1, "data-lm-suppress-shortcuts": true }, lost, bar, cover, body, said);
    el.append(root);

    const channel = openChannel(model, (isLost) => {
      lost.hidden = !isLost;
    });
    document.addEventListener("keydown", onKey, { signal: ending.signal });
    keepKeys(root, ending.signal);
    start();

    async function start() {
      const late = setTimeout(tellLate, SCREENS_LATE_MS);
      try {
        shell.overview = await overview();
      } catch (error) {
        refuse(error.message);
        return;
      } finally {
        clearTimeout(late);
      }
      document.querySelector("[data-ccds-project]")?.replaceChildren(shell.overview.project);
      if (!used().length) {
        refuse("Expected something that you may do here; found nothing; ask the principal investigator what your role is for.");
        return;
      }
      const instead = own.opened();
      if (instead) {
        cover.replaceChildren(instead);
        return;
      }
      cover.hidden = true;
      body.hidden = false;
      const last = sessionStorage.getItem(kept("screen"));
      show(used().some(([name]) => name === last) ? last : used()[0][0]);
    }

    /** Asked for again where the connection was lost meanwhile: asking changes nothing. */
    async function overview() {
      for (;;) {
        try {
          return await channel.ask({ kind: "ready" }, 0);
        } catch (error) {
          if (!error.lost) throw error;
        }
      }
    }

    function tellLate() {
      cover.append(h("p", {}, "This takes longer than it should: the machine or the site’s files may be busy."), h("button", { class: "ccds-button", type: "button", onclick: () => window.location.reload() }, "Reload the page"));
    }

    function kept(name) {
      return `ccds-${app}-${shell.overview.project}-${name}`;
    }

    function used() {
      return all.filter(([name]) => shell.overview.screens.includes(name));
    }

    function refuse(line) {
      cover.replaceChildren(emptyState("This app can’t be opened", line));
      cover.setAttribute("role", "alert");
    }

    function say(line) {
      said.textContent = line;
    }

    /** Brings a screen to sight, made when it is looked at first. */
    function show(name, place) {
      const before = made.get(shell.screen);
      if (!made.has(name)) made.set(name, all.find(([known]) => known === name)[2](contextOf(name)));
      const after = made.get(name);
      if (before && before !== after) before.close();
      shell.screen = name;
      sessionStorage.setItem(kept("screen"), name);
      drawStage();
      drawBar();
      after.open(place);
    }

    function discard() {
      made.get(shell.screen)?.close();
      making.abort();
      [made, opening, making] = [new Map(), new Map(), new AbortController()];
    }

    function contextOf(name) {
      const address = { screen: name, ...own.address() };
      const { signal } = making;
      return {
        project: shell.overview.project,
        channel: { ask: (request, patience) => askOpen({ ...request, ...address }, patience, signal) },
        said: say,
        show,
        has: (other) => shell.overview.screens.includes(other),
        help,
        signal,
        ...own.context,
      };
    }

    /** What the kernel answers as soon as the screen is open there: until then it does nothing of what it is asked. */
    async function askOpen(request, patience, signal) {
      try {
        for (;;) {
          const answer = await channel.ask(request, patience);
          if (!answer.opening) return answer;
          if (signal.aborted) return await new Promise(() => {}); // nobody looks at that screen any more
          opening.set(request.screen, answer.opening);
          drawStage();
          await new Promise((resolve) => setTimeout(resolve, SCREENS_AGAIN_MS));
        }
      } finally {
        if (!signal.aborted && opening.delete(request.screen)) drawStage();
      }
    }

    /** The screen, or how far its opening is. Where what goes had the focus the stage has it then. */
    function drawStage() {
      const now = opening.get(shell.screen);
      const shown = now ? told : made.get(shell.screen).element;
      if (stage.firstChild !== shown) {
        const held = stage.contains(document.activeElement);
        stage.replaceChildren(shown);
        if (held) stage.focus({ preventScroll: true });
      }
      if (!now) return;
      const share = Math.floor(100 * now.share);
      if (told.dataset.doing !== now.doing) say(`${now.doing} …`); // each share read aloud would be too much
      told.dataset.doing = now.doing;
      told.replaceChildren(h("p", {}, `${now.doing}: ${share} %`), h("progress", { max: 100, value: share, "aria-label": now.doing }));
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
              if (event.detail) stage.focus({ preventScroll: true }); // after a click of the mouse the keys are the screen's, Enter too
              show(name);
            },
          },
          title,
        );
      redraw(
        bar,
        ...(used().length > 1 ? used().map(tab) : []),
        h("span", { class: "ccds-space" }),
        ...own.inBar(),
        h("button", { class: "ccds-button", "data-focus": "keys", title: "Keys (?)", onclick: help }, "Keys", h("kbd", {}, "?")),
      );
    }

    function help() {
      const screens = used().length > 1 ? [[`Alt+1 … Alt+${used().length}`, "the screens"]] : [];
      showDialog(root, keysDialog([...made.get(shell.screen).keys, ...screens, ...own.keys, ["?", "this list"]]));
    }

    function onKey(event) {
      if (event.target !== document.body && !root.contains(event.target)) return;
      if (!shell.screen || root.querySelector("dialog[open]")) return;
      if (!shellKey(event) && !own.pressed(event) && !made.get(shell.screen).pressed(event)) return;
      event.preventDefault();
      event.stopPropagation();
    }

    function shellKey(event) {
      const { key, code, ctrlKey, metaKey, altKey } = event;
      if (ctrlKey || metaKey) return false;
      if (altKey) {
        const at = /^Digit([1-9])$/u.exec(code);
        const name = at && used()[at[1] - 1]?.[0];
        if (name) show(name);
        return Boolean(name);
      }
      if (isTyping(event) || key !== "?") return false;
      help();
      return true;
    }

    return () => {
      made.get(shell.screen)?.close();
      making.abort();
      ending.abort();
      channel.close();
    };
  };
}
