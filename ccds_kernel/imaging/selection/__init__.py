"""Which series of a study becomes its volume: rules by exam code, explained, and a person's word above them."""
