-- The journal lives in production: another DBA on another machine sees the same window.
CREATE SCHEMA IF NOT EXISTS egrow_replica
