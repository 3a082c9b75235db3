"""What a project makes of its images, on screens: which series, what is in quarantine, and the volumes themselves."""
