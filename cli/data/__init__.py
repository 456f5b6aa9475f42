"""Work on the data of a whole business: files, photos, customers, reservations, audit log."""
