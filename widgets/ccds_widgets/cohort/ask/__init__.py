"""The screen on which somebody asks what the archive has, before anything is copied."""
