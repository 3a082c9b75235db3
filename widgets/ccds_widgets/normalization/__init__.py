"""The preview: what a normalization recipe makes of a volume, seen before it runs over every study."""
