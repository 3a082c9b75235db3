"""The labelling app: reports to labels by phrases."""
