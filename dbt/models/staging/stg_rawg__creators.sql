with raw_creators as (

    {{ raw_table(source('raw', 'creators'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        '_dlt_id': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as creator_id,
    name as creator_name,
    slug as creator_slug,
    games_count,
    image_background as image_url,
    _dlt_id as row_key,
    _dlt_load_id as load_id
from raw_creators
