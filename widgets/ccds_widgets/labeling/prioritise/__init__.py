"""Screen 2: a fellow orders phrases, mends them, and looks at what they do to each other."""
