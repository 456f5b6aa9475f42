"""What ops read and do: a job's story, the overview, dead letters."""
