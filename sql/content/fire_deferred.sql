-- A deferred trigger runs at COMMIT, behind the last look; so it runs now.
SET CONSTRAINTS ALL IMMEDIATE
