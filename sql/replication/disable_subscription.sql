-- Returns before the worker has ended: the caller waits until no worker is left.
ALTER SUBSCRIPTION {subscription} DISABLE
