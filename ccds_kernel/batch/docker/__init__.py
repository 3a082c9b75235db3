"""What machines that belong to people say of the containers on them: static allocation. See `containers`."""
