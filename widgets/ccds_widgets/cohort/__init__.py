"""The cohort app: which studies an archive has, kept as criteria, and fetching them."""
