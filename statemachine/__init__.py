"""The domain: jobs, flows, the lifecycle, views, and wording. No AWS, no clock, no randomness."""
