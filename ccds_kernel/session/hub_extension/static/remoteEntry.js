// JupyterLab's commands for the hub, in this tab: in one that a lab opens the browser shows no page of the hub, see
// ccds_kernel.session.page_policy. They have the names of those that JupyterLab's own extension would bring (it is switched
// off in page_config.json), since its menu and its dialog about a lost server ask for them.
// An extension as JupyterLab loads them, written as it is served: there is nothing to build.

(() => {
  /** What the page was told; null in a page that isn't JupyterLab's, or without a hub. */
  function place() {
    const element = document.getElementById("jupyter-config-data");
    const config = element ? JSON.parse(element.textContent) : {};
    return config.hubPrefix && config.appName === "JupyterLab" ? config : null;
  }

  function activate(app) {
    const config = place();
    if (!config) return;
    const hub = `${config.hubHost}${config.hubPrefix}`;
    const session = `${encodeURIComponent(config.hubServerUser)}/${encodeURIComponent(config.hubServerName)}`;
    const commands = {
      "hub:control-panel": { label: "Hub Control Panel", caption: "Leave for the hub’s page", to: `${hub}home` },
      "hub:restart": { label: "Restart Server", caption: "Ask the hub for this session again", to: `${hub}spawn/${session}` },
      "hub:logout": { label: "Log Out", caption: "Log out of the hub", to: `${config.baseUrl}logout` },
    };
    for (const [name, { label, caption, to }] of Object.entries(commands)) {
      app.commands.addCommand(name, { label, caption, execute: () => window.location.assign(to) });
    }
  }

  const plugin = { id: "@ccds/hub:plugin", description: "Leads to the hub.", autoStart: true, activate };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["@ccds/hub"] = {
    init() {},
    async get(module) {
      if (module !== "./extension") throw new Error(`no module ${module}`);
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
