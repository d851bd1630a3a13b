-- What a content table held then, part by part.
SELECT l.packed FROM egrow_replica.left_content AS l WHERE l.relation = $1 ORDER BY l.part
