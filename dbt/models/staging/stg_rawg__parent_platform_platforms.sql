with raw_parent_platforms__platforms as (

    {{ raw_table(source('raw', 'parent_platforms__platforms'), {
        'id': 'bigint',
        '_dlt_parent_id': 'varchar'
    }) }}

)

select
    id as platform_id,
    _dlt_parent_id as parent_row_key
from raw_parent_platforms__platforms
