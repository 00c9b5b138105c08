"""The schedule: what is due by the publishers' calendar, what was done about it, and what is late."""
