with raw_creators__positions as (

    {{ raw_table(source('raw', 'creators__positions'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        '_dlt_parent_id': 'varchar'
    }) }}

)

select
    id as creator_role_id,
    name as creator_role_name,
    slug as creator_role_slug,
    _dlt_parent_id as creator_row_key
from raw_creators__positions
