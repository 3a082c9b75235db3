"""Reports to labels: phrases, matching, soft labels."""
