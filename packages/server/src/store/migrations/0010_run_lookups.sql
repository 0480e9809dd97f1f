-- breaking: no (an index is made again)

-- Of two indexes that cost the same, Postgres takes the one that was made last. On a partition without rows all do, and a plan made
-- then stays for minutes: so the primary key is made last, and a run is found by its id alone, not among all runs of its environment.
alter table run drop constraint run_pkey, add primary key (environment_id, id);
