"""The training launcher: a form, a project's runs, and their live curves."""
