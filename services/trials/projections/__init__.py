"""Projections of trials: guard rows, what keeps records, and the rows behind the trial page."""
