"""What this machine can run, what is wrong with its site, and how to get what is missing."""
