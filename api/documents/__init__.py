"""Open graphs as documents with versions."""
