"""The screen on which somebody sees which series of each study is chosen, and why, and overrules it."""
