-- Only after the subscription is gone: a publication dropped under a subscription loses changes with only a warning.
DROP PUBLICATION IF EXISTS {publication}
