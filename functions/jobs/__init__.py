"""What happens to one job: created, advanced, edited, settled, and waited for."""
