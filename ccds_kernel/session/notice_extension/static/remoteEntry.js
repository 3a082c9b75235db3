// Shows, in JupyterLab and in app pages, what the hub tells the people in a running session: see ccds_kernel.session.notice.
// An extension as JupyterLab loads them, written as it is served: there is nothing to build.

(() => {
  const SECONDS = 5;
  const STYLE = `
  .ccds-notice {
    position: fixed; inset: auto 1rem 1rem auto; z-index: 100000; max-width: 32rem; padding: 0.75rem 1rem;
    display: flex; gap: 0.75rem; align-items: baseline; border-radius: 4px; font: 14px/1.4 system-ui, sans-serif;
    color: var(--jp-ui-font-color1, #1a1a1a); background: var(--jp-layout-color1, #fff);
    border: 2px solid var(--jp-warn-color1, #b45309); box-shadow: 0 2px 12px rgb(0 0 0 / 30%);
  }
  .ccds-notice[hidden] { display: none; }
  .ccds-notice button { font: inherit; color: inherit; background: none; border: 1px solid currentcolor; border-radius: 3px; padding: 0 0.5rem; cursor: pointer; }
  .ccds-notice button:focus-visible { outline: 2px solid var(--jp-brand-color1, #1d4ed8); outline-offset: 2px; }
  `;

  /** Where this session's server is, as the page was told. */
  function baseUrl() {
    const config = document.getElementById("jupyter-config-data");
    return config ? JSON.parse(config.textContent).baseUrl : "/";
  }

  /** What the server wants to see with every request that comes with a cookie. */
  function xsrfToken() {
    return document.cookie.match(/\b_xsrf=([^;]*)/)?.[1] ?? "";
  }

  /** The place for the notice: empty and hidden, yet there from the beginning, so that a screen reader tells what comes. */
  function makeNotice() {
    const style = document.createElement("style");
    style.textContent = STYLE;
    document.head.append(style);
    const box = document.createElement("div");
    box.className = "ccds-notice";
    box.setAttribute("role", "alert");
    box.setAttribute("aria-live", "assertive");
    box.hidden = true;
    const words = document.createElement("span");
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Got it";
    box.append(words, close);
    document.body.append(box);
    return { box, words, close };
  }

  function activate() {
    const { box, words, close } = makeNotice();
    let shown = "";
    close.addEventListener("click", () => { box.hidden = true; });

    async function look() {
      try {
        const headers = { "X-XSRFToken": xsrfToken() };
        const answer = await fetch(`${baseUrl()}ccds/notice`, { cache: "no-store", credentials: "same-origin", headers });
        if (answer.ok) show((await answer.json()).text);
      } catch {
        // the server is away: the page itself says so
      }
      setTimeout(look, SECONDS * 1000);
    }

    /** Shows `text`; once it was read and put away it comes again only when it says something new. */
    function show(text) {
      if (text === shown) return;
      shown = text;
      words.textContent = text;
      box.hidden = !text;
    }

    look();
  }

  const plugin = { id: "@ccds/notice:plugin", description: "Shows what the hub tells.", autoStart: true, activate };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["@ccds/notice"] = {
    init() {},
    async get(module) {
      if (module !== "./extension") throw new Error(`no module ${module}`);
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
