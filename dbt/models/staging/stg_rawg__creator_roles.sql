with raw_creator_roles as (

    {{ raw_table(source('raw', 'creator_roles'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as creator_role_id,
    name as creator_role_name,
    slug as creator_role_slug,
    _dlt_load_id as load_id
from raw_creator_roles
