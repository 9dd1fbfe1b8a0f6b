with raw_game_details__publishers as (

    {{ raw_table(source('raw', 'game_details__publishers'), {
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
    id as publisher_id,
    name as publisher_name,
    slug as publisher_slug,
    games_count,
    image_background as image_url
from raw_game_details__publishers
