"""SMS and webhooks: deliveries, recipients, and how each message is sent once."""
