"""Screen 3: studies are confirmed or corrected one by one; for the fellow also the gold set and the batches."""
