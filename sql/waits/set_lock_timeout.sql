-- How long each lock is waited for from here on.
SET lock_timeout = {milliseconds}
