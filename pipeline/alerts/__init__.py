"""Alerts: one quiet digest of what failed, what is late, what fell short and what is new; to people, not to logs."""
