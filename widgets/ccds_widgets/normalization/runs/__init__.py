"""The run page: a recipe over all volumes of a project, begun, followed, stopped and gone on with."""
