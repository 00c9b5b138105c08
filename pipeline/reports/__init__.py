"""What people see: words, figures, pages and packs, made from a release and nothing else."""
