"""The report: one page that works offline, with everything there is to see of a run."""
