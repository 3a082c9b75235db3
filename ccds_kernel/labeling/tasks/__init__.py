"""What is labelled in a project: tasks, their labels, and who changed which phrase of them."""
