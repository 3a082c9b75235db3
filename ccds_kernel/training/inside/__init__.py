"""What runs inside the job. Named by bundles' configurations and by the job's command; no other package imports it."""
