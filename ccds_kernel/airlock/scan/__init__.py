"""What may not leave a project, and what a reviewer has to look at. Pure: bytes and values in, findings out."""
