-- Whether the planner may join by going through one side once for each row of the other. Not where a large part of a
-- table is written: the table grows while the statement runs, so no estimate made before it holds, and where nothing
-- was analysed there is none.
SET LOCAL enable_nestloop = {value}
