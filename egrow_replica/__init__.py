"""egrow-replica: content from development to a live production, and never a user's row."""

__version__ = "0.1.0"
