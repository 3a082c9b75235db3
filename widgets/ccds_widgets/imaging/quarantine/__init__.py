"""The screen on which somebody sees what is in quarantine, lets some of it pass, and has volumes made."""
