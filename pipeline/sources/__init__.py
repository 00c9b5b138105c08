"""What publishers send: the archive that keeps it, and one reader a format."""
