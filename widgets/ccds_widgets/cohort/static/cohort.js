// The app: its screens, in the order in which one goes through them.

const render = appOfScreens({
  app: "cohort",
  lost: "Criteria that were kept are safe, and studies that are being fetched go on.",
  screens: [
    ["ask", "Ask", askScreen],
    ["fetch", "Fetch", fetchScreen],
    ["reports", "Reports", reportsScreen],
  ],
});

export default { render };
