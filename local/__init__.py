"""Haulway on a laptop: the engine (MiniStack, an AWS emulator) and an edge like CloudFront."""
