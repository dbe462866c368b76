"""Telling other servers of jobs that have ended, where the person running this one allows it."""
