"""Spawners that start sessions through the batch port."""
