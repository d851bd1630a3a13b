-- Rows from dev whose key production's = holds for the key of a row that hashes otherwise: under a collation that ignores
-- case or accents, or by a rule of a type of one's own. Both keys, for a person.
SELECT {wanting} AS wanting, {holding} AS holding
  FROM pg_temp.{stage} AS s
  JOIN {source} AS t ON {matches}
 WHERE {staged_hash} <> {key_hash}
 LIMIT 20
