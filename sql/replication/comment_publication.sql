-- In the transaction that makes it: who meets it knows whose it is, and nobody else takes it for his own.
COMMENT ON PUBLICATION {publication} IS {owner}
