"""Publication, slot, subscription, origins, roles and sequences: PostgreSQL's own replication, one noun a module."""
