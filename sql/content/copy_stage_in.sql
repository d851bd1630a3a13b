-- Binary, because the text of some types depends on settings of two servers.
COPY pg_temp.{stage} ({columns}) FROM STDIN (FORMAT binary)
