-- Rows from dev that want a unique value which another production row has: both keys, for a person.
SELECT {wanting} AS wanting, {holding} AS holding, {value} AS value
  FROM pg_temp.{stage} AS s
  JOIN {source} AS t ON {same_value}
 WHERE NOT ({matches})
 LIMIT 20
