"""The fourth screen of the labelling app: how good labels and labelers are, and what the fellow has to decide."""
