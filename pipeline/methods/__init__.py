"""The arithmetic of Veiviser: numpy arrays in, numpy arrays out.

Nothing here opens a file, knows a table or an indicator, or writes a log. Counts become pooled candidate
totals (`counts`), totals become rates read together with the rest of the country (`shrinkage`), rates become
points of need (`composite`), points become ranks and probabilities (`ranking`). `rates` and `change` hold the
classical intervals, `funnel` the limits of chance, `rank_sets` the ranks that figures without a prior cannot exclude.

What the ranking owes to its choices is told by `sensitivity` (every variant) and `sobol` (which choice the differences
come from); `normalise`, `treatment`, `weighting` and `outranking` hold choices that were not made. `forecast` scores
probabilities when it is known what happened.

Whether guidance helped: `imputation` estimates, `randomisation` infers, `group_time` and `two_way`
check, `power` says what could be seen, `run_chart` and `synthetic_control` look at one unit, `verdict` finds the word.
"""
