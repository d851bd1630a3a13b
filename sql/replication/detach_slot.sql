-- The slot is dropped by us on dev, so that a dev which does not answer cannot keep the subscription alive.
ALTER SUBSCRIPTION {subscription} SET (slot_name = NONE)
