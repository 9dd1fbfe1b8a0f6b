with raw_games__short_screenshots as (

    {{ raw_table(source('raw', 'games__short_screenshots'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'image': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as screenshot_id,
    image as image_url,
    _dlt_load_id as load_id
from raw_games__short_screenshots
