"""What ops read and do: a job's timeline, the overview, dead-letter queues, restoring a job."""
