"""From a volume as it was scanned to one that a network takes: recipes, their steps, and what applies them."""
