-- Count the rows that this session writes; a superuser may, and who was granted SET on the parameter.
SET track_counts = on
