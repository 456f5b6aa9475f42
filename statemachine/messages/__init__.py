"""What customers are texted, and what their answers mean."""
