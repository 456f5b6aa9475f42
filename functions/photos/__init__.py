"""Proof of service: how a photo comes onto its job, redrawn without what its file told."""
