"""Where a project's rows lie: engine, one MetaData, migrations."""
