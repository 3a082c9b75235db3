// The viewer as a widget of its own: an app of the one screen.

export default {
  render: appOfScreens({
    app: "viewer",
    screens: [["look", "Look", lookScreen]],
    lost: "A mask that was saved is safe; strokes that weren’t are lost.",
  }),
};
