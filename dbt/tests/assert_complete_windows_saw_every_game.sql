-- A window that the loader calls complete has seen as many games as RAWG counted in it.
select *
from {{ ref('load_completeness') }}
where status = 'complete' and unseen_count > 0
