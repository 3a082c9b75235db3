"""The screen on which studies are put into the queue, and on which it is seen how far they are."""
