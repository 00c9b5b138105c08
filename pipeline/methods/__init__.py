"""The arithmetic of Veiviser: numpy arrays in, numpy arrays out.

Nothing here opens a file, knows a table or an indicator, or writes a log. Counts become pooled candidate
totals (`counts`), totals become rates read together with the rest of the country (`shrinkage`), rates become
points of need (`composite`), points become ranks and probabilities (`ranking`). `rates` and `change` hold the
classical intervals.
"""
