"""What moves and edits may do: pure functions from a job and a request to the next job."""
