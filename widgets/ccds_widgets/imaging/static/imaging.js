// The imaging app: which screens there are.

export default {
  render: appOfScreens({
    app: "imaging",
    screens: [
      ["series", "Series", seriesScreen],
      ["quarantine", "Quarantine", quarantineScreen],
      ["look", "Look", lookScreen],
    ],
    lost: "What you kept is saved; volumes that are being made go on when this page is loaded anew.",
  }),
};
