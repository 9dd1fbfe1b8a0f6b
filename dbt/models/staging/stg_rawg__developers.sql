with raw_developers as (

    {{ raw_table(source('raw', 'developers'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        '_dlt_load_id': 'varchar'
    }, optional=true) }}

)

select
    id as developer_id,
    name as developer_name,
    slug as developer_slug,
    games_count,
    image_background as image_url,
    _dlt_load_id as load_id
from raw_developers
