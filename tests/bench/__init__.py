"""Measured comparisons: README.md says what and how."""
