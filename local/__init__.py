"""The laptop engine: MiniStack, and the part of a CDN it leaves out."""
