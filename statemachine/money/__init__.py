"""What a job costs, and what was paid."""
