-- Who is a member of the role $1, by himself.
SELECT m.rolname::text
  FROM pg_catalog.pg_auth_members AS a
  JOIN pg_catalog.pg_roles AS r ON r.oid = a.roleid
  JOIN pg_catalog.pg_roles AS m ON m.oid = a.member
 WHERE r.rolname = $1::text
 ORDER BY 1
