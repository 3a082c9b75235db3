"""The cluster app: what the cluster was used for, for leadership and administrators."""
