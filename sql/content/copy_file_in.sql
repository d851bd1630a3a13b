-- A content file of a backup: text, as COPY wrote it.
COPY pg_temp.{stage} ({columns}) FROM STDIN
