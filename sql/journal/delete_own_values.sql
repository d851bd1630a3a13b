-- Nobody compares them any more, or they are about to be read again.
DELETE FROM egrow_replica.own_values WHERE window_name = $1
