"""What a project makes of the studies that it has: selection, volumes, quarantine, masks, each with who said so and when."""
