"""The AWS SDK lives here and nowhere else: the ports of `functions/ports.py` on the real services."""
