"""What people see: the customer's view, the dispatcher's board, and the edge's copies of views."""
