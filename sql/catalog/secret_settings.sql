-- Settings that keep a statement's text out of the server's log, which the present role may set.
SELECT p.name
  FROM pg_catalog.unnest(ARRAY['log_statement', 'log_min_error_statement', 'log_min_duration_statement',
                               'log_transaction_sample_rate', 'track_activities']) AS p (name)
 WHERE pg_catalog.has_parameter_privilege(p.name, 'SET')
