"""Helpers of the end-to-end tests: jobs, pages, stages, and copies of functions."""
