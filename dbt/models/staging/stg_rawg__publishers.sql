with raw_publishers as (

    {{ raw_table(source('raw', 'publishers'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        '_dlt_load_id': 'varchar'
    }, optional=true) }}

)

select
    id as publisher_id,
    name as publisher_name,
    slug as publisher_slug,
    games_count,
    image_background as image_url,
    _dlt_load_id as load_id
from raw_publishers
