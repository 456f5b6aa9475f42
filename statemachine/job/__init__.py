"""The job and what it keeps, with the bounds of each field."""
