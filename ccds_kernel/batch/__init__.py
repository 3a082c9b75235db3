"""Jobs: what is asked of a scheduler, and the schedulers."""
