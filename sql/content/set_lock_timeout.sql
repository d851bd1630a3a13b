-- The application must never wait long behind us: we let go and try again.
SET LOCAL lock_timeout = {milliseconds}
