-- Only what was left last counts.
DELETE FROM egrow_replica.left_content
