"""Which reports a project works on: exam codes × study dates over its index of reports."""
