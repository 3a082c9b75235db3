"""Who did what, when, in which project: one dataclass per event, hash-chained lines."""
