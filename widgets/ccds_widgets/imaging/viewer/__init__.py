"""Volumes to look at: three planes, the value under the pointer, masks and their correction, headers."""
