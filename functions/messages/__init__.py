"""Texts and webhooks: what is kept of each, to whom, and how it is sent once."""
