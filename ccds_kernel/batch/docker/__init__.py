"""Jobs as containers on machines that belong to people: static allocation. See `machines`."""
