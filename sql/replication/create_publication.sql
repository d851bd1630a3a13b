-- FOR TABLE ONLY, each with its columns: never an inheritance child, never what is created later.
CREATE PUBLICATION {publication} FOR TABLE {tables}
  WITH (publish = {operations}, publish_via_partition_root = true)
