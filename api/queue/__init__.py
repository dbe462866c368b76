"""The queue: what waits, runs and has ended, in the journal."""
