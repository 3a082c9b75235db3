"""Packages that a person adds to what is installed, kept per project and image; see `overlay`."""
