"""Two throw-away PostgreSQL servers with the academy's schema and data, for the demo and the tests."""
