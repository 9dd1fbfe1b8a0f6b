with raw_game_details__developers as (

    {{ raw_table(source('raw', 'game_details__developers'), {
        '_dlt_parent_id': 'bigint',
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar'
    }) }}

)

select
    _dlt_parent_id as game_id,
    id as developer_id,
    name as developer_name,
    slug as developer_slug,
    games_count,
    image_background as image_url
from raw_game_details__developers
