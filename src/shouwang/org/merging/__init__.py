"""One human being, two records: finding them by blocking keys, merging them by a stored plan, undoing it exactly."""
