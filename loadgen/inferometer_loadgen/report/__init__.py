"""The record of a run; every other view of it, the status included, is derived from here."""
