"""What runs inside a session: the launcher, the app lock."""
