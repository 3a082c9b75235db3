"""One operator over many studies: what is done, what is left, and who does the work."""
