"""One file per change of the schema, in `versions/`; the newest names the one before it as `down_revision`."""
