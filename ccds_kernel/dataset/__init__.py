"""What a model is trained on: volumes, their labels, and which side of the split each patient is on."""
