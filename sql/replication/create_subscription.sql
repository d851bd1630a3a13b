-- Disabled, so that the owner is changed before a worker starts: a worker keeps the old owner's rights for its whole
-- life. disable_on_error stays false, because a lost connection would be an error too.
CREATE SUBSCRIPTION {subscription} CONNECTION {conninfo} PUBLICATION {publication}
  WITH ({options})
