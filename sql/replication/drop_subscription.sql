-- Without a slot this can stand in a transaction.
DROP SUBSCRIPTION IF EXISTS {subscription}
