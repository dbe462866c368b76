"""Faults at random moments, with real processes: what was answered with success is there afterwards, once and whole."""
