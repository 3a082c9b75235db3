"""Screen 3 and what comes of it: batches, leases, answers, the gold set, the fellow's final word, label snapshots."""
