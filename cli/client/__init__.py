"""How `haul` reaches a deployment: with AWS credentials over the bus, or through the API."""
