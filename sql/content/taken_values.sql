-- Rows to be put back that want a unique value which another row has now, with both keys for a person. A holder that
-- is to be put back itself gives the value up: the baseline's rows do not share one.
SELECT {wanting_hash} AS wanting_hash,
       {holding_hash} AS holding_hash,
       {yields} AS yields,
       {wanting} AS wanting,
       {holding} AS holding,
       {value} AS value
  FROM pg_temp.{stage} AS s
  JOIN {source} AS o ON {same_value}
  LEFT JOIN pg_temp.{stage} AS h ON {held}
  LEFT JOIN {source} AS t ON {matches}
 WHERE NOT ({same_row})
   AND {changes}
