"""The schedule in Dagster: optional (`veiviser[dagster]`), imported by nothing else, another door to the same jobs."""
