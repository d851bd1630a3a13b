-- The stream starts.
ALTER SUBSCRIPTION {subscription} ENABLE
