"""How `haul` reaches a deployment: with AWS credentials, or through the API."""
