"""Adapters: the ports on the real AWS services. Only this package uses the AWS SDK."""
