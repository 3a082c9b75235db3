"""Screen 1: a fellow reads reports and turns words of them into phrases."""
