"""The domain of the CCDS Workbench: the life of a project, without hub and widgets."""
