"""One deploy path, for AWS and for the laptop: bundle, stack, pages, invalidation."""
