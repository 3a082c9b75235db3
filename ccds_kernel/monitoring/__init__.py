"""Whether a deployed model still works: its predictions beside the final reports, and what of that is published."""
