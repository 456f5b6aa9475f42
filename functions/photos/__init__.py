"""Proof of service: how a photo is added to its job, redrawn without the metadata of its file."""
