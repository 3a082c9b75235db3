"""Fetching a project's studies from the archive: what is found, the queue, the worker that empties it."""
