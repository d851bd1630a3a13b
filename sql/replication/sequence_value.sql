-- Where a sequence stands; NULL before its first value.
SELECT CASE WHEN is_called THEN last_value END FROM {sequence}
