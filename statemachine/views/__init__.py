"""What people see of a job: views, cards, timelines, and what is wrong with it."""
