"""The cohort view: how alike the volumes of a project are, by scanner, before and after a recipe."""
