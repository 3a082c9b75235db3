"""Use-case cards: what a model would be for, before there is an IRB application."""
