"""The AWS SDK lives here and nowhere else: the ports on the real services."""
