"""The airlock's app: what wants to leave a project, looked at by two other people."""
