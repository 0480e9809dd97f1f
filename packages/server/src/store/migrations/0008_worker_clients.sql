-- breaking: no (adds only)

select 1;
