"""The synthetic hospital of `make demo`."""
