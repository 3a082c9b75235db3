"""The screen on which reports of the project's index are counted and kept as cohorts."""
