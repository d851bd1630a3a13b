-- A piece of WAL as the function returns it fits in this, so that nothing goes to temporary files.
SET work_mem = '64MB'
