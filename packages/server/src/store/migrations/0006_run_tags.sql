-- breaking: no (an index)

-- Live readers look again and again for runs with their tags. The finish of a run changes no tag, and stays a HOT update.
create index run_by_tags on run using gin (tags) where tags is not null;
