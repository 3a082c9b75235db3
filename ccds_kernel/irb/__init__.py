"""The IRB application, its roster, and the only door to data."""
