"""Who works here: accounts and sessions, the roster, who is put on which job, where they are."""
