"""From the archive to a release: one DuckDB file, built beside the old one and switched to when every check holds."""
