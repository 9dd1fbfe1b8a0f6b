{{ config(severity='warn') }}
-- Fields of RAWG that lately came with another type: dlt keeps the new values in a column of their own, which staging
-- does not read, so a measure goes missing in silence. New tables and columns lose nothing.
select changes.*
from {{ ref('stg_rawg__schema_changes') }} as changes
where changes.change_kind not in ('new_table', 'new_column')
    and changes.loaded_at >= (
        select {{ dbt.dateadd('day', -var('schema_change_days'), 'max(loads.loaded_at)') }}
        from {{ ref('stg_rawg__loads') }} as loads
    )
