with raw_parent_platforms as (

    {{ raw_table(source('raw', 'parent_platforms'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        '_dlt_id': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as parent_platform_id,
    name as parent_platform_name,
    slug as parent_platform_slug,
    _dlt_id as row_key,
    _dlt_load_id as load_id
from raw_parent_platforms
